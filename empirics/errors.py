"""Errors that a user can fix: one clear line, exit status 2."""


class UsageError(ValueError):
    """Bad usage or input; the message names the key, the value and what is allowed."""
