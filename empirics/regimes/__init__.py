"""The map of regimes: where extraction succeeds or fails, the law of its error, and what was predicted."""
