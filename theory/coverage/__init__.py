"""Which templates were shown: laws of coverage, exact and bounded; knows no claim."""
