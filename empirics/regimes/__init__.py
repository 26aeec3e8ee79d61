"""Maps of regimes of any experiment: grid, contours, fits and scores; what is specific to one, its map design says."""
