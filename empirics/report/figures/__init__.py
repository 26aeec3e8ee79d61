"""How figures look: one style, one drawing function for each kind of figure; computes nothing."""
