"""One folder per paper (``paper.PAPER``), in it one file per theorem (``CLAIMS``); data only, no numerics."""
