"""The claims of arXiv:2508.00901: one theorem (or two readings of one formula), one file; data only."""
