"""A configuration in, results out: which seeds run, what the judge says, results and baseline; draws nothing."""
