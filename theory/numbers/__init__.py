"""Numbers with known error: floats, balls, minima; knows no theorem."""
