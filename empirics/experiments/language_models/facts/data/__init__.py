"""Facts and templates that ship with the package."""
