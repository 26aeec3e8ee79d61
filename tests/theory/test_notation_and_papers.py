"""How a notation is shown, and a claim in the folder of another paper."""

from dataclasses import replace

import pytest

from theory import registry
from theory.claims.xu_chen import rank_one
from theory.claims.xu_chen.paper import NOTATION, PAPER


def test_a_notation_shows_its_name_and_symbols() -> None:
    assert repr(NOTATION) == f"Notation('{NOTATION.name}': {', '.join(NOTATION)})"


def test_a_claim_in_the_folder_of_another_paper_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    (item, *_) = rank_one.CLAIMS
    stray = replace(item, source=replace(item.source, paper=replace(PAPER, name="other")))
    monkeypatch.setattr(rank_one, "CLAIMS", (stray,))
    with pytest.raises(ValueError, match=r"^rank-one in theory.claims.xu_chen.rank_one is a claim of other, not of xu"):
        list(registry._of_papers())
