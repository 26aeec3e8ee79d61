"""One file per claim (or per pair of readings of one formula); each defines ``CLAIMS``."""
