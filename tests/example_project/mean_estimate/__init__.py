"""A mean estimated from n samples: a notation, an experiment, an observable and a theorem about it."""
