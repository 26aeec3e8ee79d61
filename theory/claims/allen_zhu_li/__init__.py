"""The claims of arXiv:2404.05405 on knowledge capacity, and the floor below them: data only."""
