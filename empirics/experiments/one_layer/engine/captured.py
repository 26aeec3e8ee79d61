"""The gradients of stacked models as one launch: a CUDA graph, recorded once and replayed at every step."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import torch

from empirics.experiments.one_layer.engine.backend import Backend, Part
from empirics.experiments.one_layer.parameters import Parameters

_WARM_UP = 3  # runs before the recording: libraries set themselves up, the allocator finds its blocks

Work = Callable[[], object]


class Captured:
    """A back end whose gradients are replayed; a :class:`~empirics.experiments.one_layer.engine.backend.Backend`.

    A step is some forty kernels, and each takes longer to launch than to compute for a hundred models.
    """

    def __init__(self, engine: Backend) -> None:
        self._engine = engine
        self._replay = recorded(engine.gradients)

    @property
    def trained(self) -> list[Part]:
        """What the settings train."""
        return self._engine.trained

    def losses(self) -> list[float]:
        """The corpus loss of each model."""
        return self._engine.losses()

    def gradients(self) -> None:
        """Fill the gradients."""
        self._replay()

    def weights(self) -> list[Parameters]:
        """The current weights of each model (copies)."""
        return self._engine.weights()


def recorded(work: Work) -> Work:
    """The work as a CUDA graph on the current device; the work itself, with a warning, if it cannot be recorded.

    The work must write where it wrote before, wait for no result on the host, and be harmless to repeat.
    """
    try:
        here, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UP):
                work()
        here.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            work()
    except RuntimeError as error:
        reason = (str(error).splitlines() or ["no reason given"])[0]
        warnings.warn(f"no CUDA graph ({reason}): steps are launched one kernel at a time, slower", stacklevel=2)
        return work
    return graph.replay
