"""What was probably meant by a name that is not known."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def meant(word: str, known: Iterable[str]) -> str:
    """``did you mean X?``, whatever the case of the letters; where nothing is near, what is known."""
    names = list(known)
    folded = {name.casefold(): name for name in reversed(names)}
    near = [folded[match] for match in get_close_matches(word.casefold(), folded, 2, 0.7)]
    return f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(names)}"
