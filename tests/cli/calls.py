"""Stand-ins for what a command calls: what they were given is kept."""

import pkgutil
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace

import empirics

# What takes a name from another module must have it before a stand-in is there: it would keep that for later tests.
for _part in ("cli", "regimes", "report", "verification"):
    for _module in pkgutil.walk_packages([f"{empirics.__path__[0]}/{_part}"], f"empirics.{_part}."):
        import_module(_module.name)


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


class Bar:
    """A stand-in for the bar: what it was told."""

    def __init__(self, *columns, console, transient):
        self.columns, self.console, self.transient, self.tasks, self.told = columns, console, transient, [], []

    def __enter__(self):
        Bar.last = self
        return self

    def __exit__(self, *_):
        pass

    def add_task(self, description, *, total, **fields):
        self.tasks.append(SimpleNamespace(description=description, total=total, **fields))
        return 0

    def update(self, task, **changes):
        self.told.append(changes)
        vars(self.tasks[task]).update(changes)
