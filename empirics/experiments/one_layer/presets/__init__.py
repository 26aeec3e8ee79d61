"""The presets of ``factbound verify``, as TOML."""
