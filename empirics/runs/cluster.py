"""The same sweep on a dask.distributed cluster, through joblib's backend.

Tasks travel to the cluster's workers; results come back here and go into the
store. A worker that dies is handled by the scheduler: it gives its tasks to
others, and only a task that has killed several workers comes back as lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from empirics.errors import UsageError

_CONNECT_SECONDS = 15


def connect(address: str) -> Any:
    """A client of the scheduler at ``address`` (as in tcp://10.0.0.5:8786); a UsageError if there can be none."""
    try:
        from distributed import Client
    except ImportError:
        raise UsageError(
            "--cluster needs dask.distributed; install it with: pip install 'factbound[cluster]'"
        ) from None
    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise UsageError(f"--cluster={address}: no dask scheduler answers there ({reason})") from None


def on_cluster(
    client: Any, function: Callable[[int, Any], tuple[int, Any]], pending: Mapping[int, Any]
) -> Iterator[tuple[int, Any]]:
    """Run ``function(number, task)`` for all of ``pending``; yield results as they come.

    A task that killed every worker it was given to is yielded with the exception.
    """
    from distributed import KilledWorker
    from joblib import Parallel, delayed, parallel_config

    left = dict(pending)
    alone = False
    while left:
        part = dict([next(iter(left.items()))]) if alone else dict(left)
        try:
            with parallel_config(backend="dask", client=client):
                for number, result in Parallel(return_as="generator_unordered", batch_size=1)(
                    delayed(function)(number, task) for number, task in part.items()
                ):
                    del left[number]
                    yield number, result
        except KilledWorker as death:
            # The exception does not say which of the tasks it was: from now on one at a time.
            if alone:
                (number,) = part
                del left[number]
                yield number, death
            alone = True
