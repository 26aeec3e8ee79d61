"""What is measured of a memory; each observable names its criterion of recall."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from empirics.observables.definition import SHARE, Observable

_share = partial(Observable, unit=SHARE, lower=0, upper=1)


def _gaussian_load(symbols: Mapping[str, float]) -> float:
    from empirics.experiments.associative_memory.capacity import distance_from_winning  # loads SciPy

    facts = int(symbols["N"])
    return facts * distance_from_winning(facts) / (symbols["d"] * symbols.get("m", symbols["d"]))


OBSERVABLES = (
    _share(
        "share_recalled",
        "Fraction of the N facts whose own output has a larger score than every competing output. A tie counts as "
        "lost.",
        trivial=0.0,
        better="higher",
    ),
    _share(
        "share_lost", "Fraction of the N facts that are not recalled: 1 - share_recalled.", trivial=1.0, better="lower"
    ),
    _share(
        "all_recalled",
        "1 if all N facts are recalled, that is, if training has separated them; else 0.",
        trivial=0.0,
        better="higher",
    ),
    _share("some_lost", "1 if at least one of the N facts is not recalled, else 0.", trivial=1.0, better="lower"),
    _share(
        "finished",
        "1 if the search for the memory came to its end: all facts recalled, a minimum of the loss, or a proof that no "
        "memory recalls all (a contradiction between constraints, up to 1e-6). 0 if its steps ran out.",
        better="higher",
    ),
    Observable(
        "gaussian_load",
        "N tau_N divided by the number of weights: 1 where the best memory is expected to recall all facts with "
        "probability 1/2, if the scores had independent Gaussian coefficients. tau_N is the mean squared distance of a "
        "standard Gaussian vector in R^N from the vectors whose first entry is the largest, by quadrature.",
        "1",
        0,
        float("inf"),
        sampling="exact",
        exact=_gaussian_load,
    ),
)
