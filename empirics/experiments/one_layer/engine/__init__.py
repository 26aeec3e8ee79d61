"""Closed-form gradients of the corpus loss, compiled; measures nothing."""
