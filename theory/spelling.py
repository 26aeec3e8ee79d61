"""Names that are not known: what was probably meant, and what there is."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

_MOST = 20


def some(names: Iterable[str]) -> str:
    """Names in a row; of many the first and how many more there are."""
    found = list(names)
    more = f", ... and {len(found) - _MOST} more" if len(found) > _MOST + 1 else ""
    return ", ".join(found[:_MOST] if more else found) + more


def meant(word: str, known: Iterable[str]) -> str:
    """``did you mean X?``, whatever the case of the letters; where nothing is near, what is known."""
    names = list(known)
    folded = {name.casefold(): name for name in reversed(names)}
    near = [folded[match] for match in get_close_matches(word.casefold(), folded, 2, 0.7)]
    return f"did you mean {' or '.join(near)}?" if near else f"known are {some(names)}"
