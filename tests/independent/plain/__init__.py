"""The independent reader: numpy, scipy and mpmath; nothing of `theory` or `empirics` is imported here."""
