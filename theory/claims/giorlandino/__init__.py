"""Claims of Giorlandino, Goldt and Maillard about the capacity of linear associative memories."""
