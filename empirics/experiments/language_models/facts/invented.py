"""Invented facts: people who do not exist, each with a city of a closed list, so that no model can know one before.

Names are put together from syllables; a city's name is one token for the tokenizers of most models. Each world has
names, and cities for them, of its own.
"""

from __future__ import annotations

from itertools import product
from typing import Final

from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.world import stream

INVENTED: Final = "invented"
"""As ``facts.source``."""

RELATION: Final = "invented home"
"""The relation of these facts, with its templates."""

CITIES: Final = (
    *("Paris", "London", "Rome", "Berlin", "Madrid", "Vienna", "Dublin", "Prague", "Athens", "Cairo"),
    *("Tokyo", "Moscow", "Boston", "Chicago", "Denver", "Seattle", "Sydney", "Toronto", "Lisbon", "Warsaw"),
)
_FIRST: Final = (
    *("Bel", "Dor", "Fen", "Gar", "Hul", "Jor", "Kel", "Lom", "Mur", "Nop", "Pel", "Quin"),
    *("Ras", "Sev", "Tor", "Vul", "Wen", "Yor", "Zan", "Cob", "Drim", "Glos", "Plin", "Skav"),
    *("Mab", "Tib", "Hep", "Lod", "Fru", "Bran", "Krel", "Stov"),
)
_SECOND: Final = (
    *("ubrex", "ixta", "oquen", "urpi", "azmo", "ombu", "ezka", "uldi", "ogrin", "itvar"),
    *("undok", "avsk", "etrol", "ilpha", "onquis", "arbex", "uvram", "ekton", "istov", "olumb"),
    *("aspel", "ibron", "ocklin", "umdar", "ezwick", "anthu", "irdek", "oplath", "ufgan", "emsor", "askin", "obrel"),
)
MOST: Final = len(_FIRST) * len(_SECOND)
"""So many names there are."""


def invented(number: int, seed: int) -> tuple[Fact, ...]:
    """The facts of a world: different names, cities as even as can be; at most :data:`MOST`."""
    names = ["".join(parts) for parts in product(_FIRST, _SECOND)]
    chosen = stream(seed, "invented names").permutation(len(names))[:number]
    cities = stream(seed, "invented cities").permutation(number) % len(CITIES)
    return tuple(
        Fact(f"invented-{index}", names[name], RELATION, CITIES[city], (CITIES[city],))
        for index, (name, city) in enumerate(zip(chosen.tolist(), cities.tolist(), strict=True))
    )
