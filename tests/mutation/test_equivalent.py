"""The list of mutants that no test can notice names lines that are there; ``make mutation`` refuses it otherwise."""

import sys
from pathlib import Path


def test_every_entry_names_a_line_that_is_there(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import mutate

    listed = mutate.equivalents()
    assert len(listed) > 50
    assert all(why for why in listed.values())
    sys.modules.pop("mutate")
