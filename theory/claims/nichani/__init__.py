"""Claims of Nichani, Lee and Bietti about associative memories, and the notation that papers on them share."""
