"""Claims of Barnfield, Kim, Nichani, Lee and Lu about the capacity of linear associative memories."""
