"""The time that is left: of what is announced, also when more is announced later."""

import pytest

from empirics.runs import outlook as module
from empirics.runs.outlook import Outlook


def test_what_is_announced_later_is_added(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    outlook = Outlook(10.0, 1)
    assert outlook.after(2.0) is None
    now[0] = 4.0
    assert outlook.after(2.0) == pytest.approx(12.0)  # two seconds a unit, six units left
    outlook.more(10.0)
    now[0] = 8.0
    assert outlook.after(2.0) == pytest.approx(28.0)
