"""A configuration in, results out: which seeds run, what the judge says, the results document and its baseline; draws nothing."""
