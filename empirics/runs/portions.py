"""Short tasks travel together, so that handing them out, and storing what they gave, costs little beside them.

How long a task takes is known once others have run: tasks go one at a time until a first one is back, then as many
together as should take :data:`SECONDS`. Where that was wrong a worker hands back what it has not begun.
"""

from __future__ import annotations

import pickle
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeVar

from empirics.errors import UsageError
from theory.plugins import UserFile, adopt, files

T = TypeVar("T")

SECONDS: Final = 0.5
"""What is handed out, and stored, at a time should take about so long; a death or power cut costs no more of it."""


@dataclass(frozen=True)
class Carried:
    """Numbered tasks on their way to another process, which first loads the user's files that this one has loaded."""

    tasks: tuple[tuple[int, Any], ...]

    def __reduce__(self) -> tuple[object, ...]:
        from joblib.externals.loky.backend.reduction import dumps  # also what a notebook defines

        return _unpacked, (files(), bytes(dumps(self.tasks)))


def _unpacked(given: tuple[UserFile, ...], packed: bytes) -> Carried:
    adopt(given)
    tasks: tuple[tuple[int, Any], ...] = pickle.loads(packed)
    return Carried(tasks)


class Worked(NamedTuple):
    """A portion that is back: what its tasks gave, by number; the numbers of those not begun; the seconds it took.

    Where an error ended it, that too: what is done is stored first.
    """

    done: list[tuple[int, Any]]
    undone: list[int]
    seconds: float
    error: UsageError | None = None


def worked(function: Callable[[int, Any], Any], carried: Carried) -> Worked:
    """Call the function for each task, in order; where they take much longer than expected the rest is not begun."""
    start = time.monotonic()
    done: list[tuple[int, Any]] = []
    error = None
    for number, task in carried.tasks:
        if done and time.monotonic() - start > 2 * SECONDS:
            break
        try:
            done.append((number, function(number, task)))
        except UsageError as raised:
            error = raised
            break
    return Worked(done, [number for number, _ in carried.tasks[len(done) :]], time.monotonic() - start, error)


def together(finished: Iterable[T]) -> Iterator[list[T]]:
    """What is finished within a short time, together; where an error ends it, what came before is given first."""
    batch, start, failed = [], time.monotonic(), None
    try:
        for item in finished:
            batch.append(item)
            if time.monotonic() - start >= SECONDS:
                yield batch
                batch, start = [], time.monotonic()
    except Exception as error:
        failed = error
    if batch:
        yield batch
    if failed:
        raise failed


class Dealer:
    """Deals out numbers of tasks in their order; ``costs`` are proportional to the time that they take."""

    def __init__(self, costs: Mapping[int, float]) -> None:
        self._costs = costs
        self._left = deque(costs)
        self._seconds_per_cost = float("inf")

    def __len__(self) -> int:
        return len(self._left)

    def deal(self, workers: int) -> tuple[int, ...]:
        """The next numbers; () if none is left. Towards the end they are fewer, so that all of the workers get some."""
        most, room = len(self._left) // (2 * workers), SECONDS
        portion: list[int] = []
        while self._left and (not portion or len(portion) < most):
            seconds = self._costs[self._left[0]] * self._seconds_per_cost
            if portion and not seconds <= room:  # a cost may be no number
                break
            room -= seconds
            portion.append(self._left.popleft())
        return tuple(portion)

    def took(self, portion: Worked) -> None:
        """A portion is back; what it did not begin comes next."""
        cost = sum(self._costs[number] for number, _ in portion.done)
        if cost > 0:
            self._seconds_per_cost = portion.seconds / cost
        self.back(portion.undone)

    def back(self, numbers: Sequence[int]) -> None:
        """These come next."""
        self._left.extendleft(reversed(numbers))
