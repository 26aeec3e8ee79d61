"""Stand-ins for what a command calls: what they were given is kept."""

from contextlib import contextmanager


def kept(monkeypatch, place, name, result=None):
    """Put a stand-in for ``name`` there (a module or its path); its calls, as (arguments, options), are returned."""
    calls = []

    def stand_in(*arguments, **options):
        calls.append((arguments, options))
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr(*((f"{place}.{name}",) if isinstance(place, str) else (place, name)), stand_in)
    return calls


def opened(result):
    """A stand-in for a context manager; its calls are kept in ``calls``."""

    @contextmanager
    def manager(*arguments, **options):
        manager.calls.append((arguments, options))
        yield result

    manager.calls = []
    return manager
