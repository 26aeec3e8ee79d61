"""The same sweep on the workers of a dask.distributed scheduler.

Tasks travel to the workers, short ones in portions; results come back here. Every worker has one portion under way and
one that waits, whatever its speed, and workers that join later get theirs. The scheduler gives the portions of a worker
that dies to others; a task that was under way when several died comes back as lost. A scheduler that is gone may come
back at the same address within a short time: what was under way is then handed out again.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from typing import Any

from empirics.errors import UsageError, WorkerError
from empirics.runs.portions import Carried, Dealer, Worked, worked

_CONNECT_SECONDS = 15
"""So long a scheduler may take to answer, and to come back."""

_WORKERLESS_SECONDS = 60
"""So long a scheduler may have no worker."""

_LOOK_SECONDS = 1.0
"""How often workers are counted."""


def check_installed() -> None:
    """A UsageError if dask.distributed is missing."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise UsageError(
            "--cluster needs dask.distributed; install it with: pip install 'factbound[cluster]'"
        ) from None


def connect(address: str) -> Any:
    """A client of the scheduler at ``address`` (as in tcp://10.0.0.5:8786); a UsageError if there can be none."""
    check_installed()
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError, TimeoutError) as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise UsageError(f"--cluster={address}: no dask scheduler answers there ({reason})") from None


def on_cluster(
    address: str, function: Callable[[int, Any], Any], tasks: Mapping[int, Any], costs: Mapping[int, float]
) -> Iterator[list[tuple[int, Any]]]:
    """Run ``function(number, task)`` for all ``tasks``, and yield what each portion of them gave as it comes.

    ``costs`` are proportional to the time that tasks take. Instead of what it gave, a task of which workers died
    twice, once in company and once alone, is yielded with the exception.

    Raises:
        UsageError: no scheduler answers.
        WorkerError: the scheduler is gone, or has no worker for long.
    """
    with closing(connect(address)) as client:
        yield from _Sweep(address, client, function, tasks, costs).results()


class _Sweep:
    """What is under way on a cluster, and what is still to do."""

    def __init__(
        self,
        address: str,
        client: Any,
        function: Callable[[int, Any], Any],
        tasks: Mapping[int, Any],
        costs: Mapping[int, float],
    ) -> None:
        self._address, self._client, self._function, self._tasks = address, client, function, tasks
        self._dealer = Dealer(costs)
        self._under_way: dict[str, tuple[int, ...]] = {}  # portions, by the key of their future
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._suspects: list[int] = []  # were under way when workers died: each is tried alone, last of all
        self._alone: set[int] = set()  # those that are or were
        self._workers, self._counted, self._seen = 0, -math.inf, time.monotonic()
        self._failed: UsageError | WorkerError | None = None  # raised once what has ended is given

    def results(self) -> Iterator[list[tuple[int, Any]]]:
        """See :func:`on_cluster`."""
        while self._dealer or self._suspects or self._under_way:
            self._count()
            while self._dealer and self._reachable and len(self._under_way) < 2 * self._workers:
                self._send(self._dealer.deal(self._workers))
            if self._suspects and not self._dealer and not self._under_way and self._reachable and self._workers:
                self._alone.add(self._suspects[-1])
                self._send((self._suspects.pop(),))
            done: list[tuple[int, Any]] = []
            with suppress(Empty):
                done += self._back(self._ended.get(timeout=_LOOK_SECONDS))
                while True:  # what else has ended is stored with it
                    done += self._back(self._ended.get_nowait())
            if done:
                yield done
            if self._failed:
                raise self._failed

    @property
    def _reachable(self) -> bool:
        return bool(self._client.status == "running")

    def _count(self) -> None:
        """Count the workers from time to time; a WorkerError where waiting is in vain."""
        now = time.monotonic()
        if now < self._counted + _LOOK_SECONDS:
            return
        self._counted = now
        kept = "finished runs are kept: run again"
        if self._client.status == "closed":
            raise WorkerError(f"the dask scheduler at {self._address} is gone; {kept}")
        if self._reachable:
            with suppress(OSError):  # it was lost just now
                self._workers = sum(self._client.nthreads().values())
        if self._workers:
            self._seen = now
        elif now - self._seen > _WORKERLESS_SECONDS:
            without = f"has had no worker for {_WORKERLESS_SECONDS} seconds"
            raise WorkerError(f"the dask scheduler at {self._address} {without}; {kept} when it has some")

    def _send(self, numbers: tuple[int, ...]) -> None:
        carried = Carried(tuple((number, self._tasks[number]) for number in numbers))
        future = self._client.submit(worked, self._function, carried, pure=False)
        self._under_way[future.key] = numbers
        future.add_done_callback(self._ended.put)

    def _back(self, future: Any) -> list[tuple[int, Any]]:
        """What a portion gave, until it failed."""
        from distributed import KilledWorker

        numbers = self._under_way.pop(future.key)
        try:
            portion: Worked = future.result()
        except UsageError as error:
            self._failed = error
        except KilledWorker as death:
            if numbers[0] in self._alone:
                return [(numbers[0], death)]
            self._suspects += numbers
        except (Exception, CancelledError) as error:
            if future.status == "error":  # tasks tell their own errors: it is in what surrounds them
                told = f"cannot run tasks: {type(error).__name__}: {' '.join(str(error).split())[:160]}"
                self._failed = WorkerError(f"workers of the dask scheduler at {self._address} {told}")
            else:
                self._dealer.back(numbers)  # the connection to the scheduler was lost
        else:
            self._dealer.took(portion)
            self._failed = self._failed or portion.error
            return portion.done
        return []
