"""Errors that are told in one clear line."""


class UsageError(ValueError):
    """Bad usage or input, exit status 2; the message names the key, the value and what is allowed."""


class WorkerError(RuntimeError):
    """No worker process can start, exit status 70; the message says why."""
