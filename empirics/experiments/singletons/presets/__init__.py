"""The presets of ``factbound verify --experiment singletons``, as TOML."""
