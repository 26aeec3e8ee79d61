"""The claims on singletons of arXiv:2311.14648 and arXiv:2509.04664: one theorem, one file; data only."""
