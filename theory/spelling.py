"""Names that are not known: what was probably meant, and what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_MANY, _SHOWN = 16, 5


def some(names: Iterable[str]) -> str:
    """Names in a row; of many the first, and how many there are."""
    found = list(names)
    if len(found) <= _MANY:
        return ", ".join(found)
    return f"{', '.join(found[:_SHOWN])}, ... ({len(found)} in all)"


def meant(word: str, known: Iterable[str]) -> str:
    """``did you mean X?``, whatever the case of the letters; where nothing is near, what is known.

    Of many known names only the first are listed, and one that is less near is named before that.
    """
    names = list(known)
    return near(word, names) or f"known are {some(names)}"


def near(word: str, known: Iterable[str]) -> str:
    """``did you mean X?``, or nothing where no known name is near."""
    names = list(known)
    folded = {name.casefold(): name for name in reversed(names)}
    wanted, many = word.casefold(), len(names) > _MANY
    found = get_close_matches(wanted, folded, 2, 0.7) or [n for n in folded if sorted(n) == sorted(wanted)]
    found = found or get_close_matches(wanted, folded, 1, 0.6 if many else 0.7)
    if not found:
        return ""
    least = _likeness(found[0], wanted) - 0.1
    return f"did you mean {' or '.join(folded[n] for n in found if _likeness(n, wanted) >= least)}?"


def _likeness(name: str, word: str) -> float:
    return SequenceMatcher(None, name, word).ratio()
