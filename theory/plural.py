"""A number with its noun, as a reader expects it: ``1 cell``, ``2 cells``."""

from __future__ import annotations


def counted(number: int, noun: str, several: str = "", form: str = "") -> str:
    """``1 cell``, ``2 cells``.

    ``several`` is a plural that is not the noun with an s, ``form`` how the number is written, as "," in ``2,000``.

    >>> counted(1, "process", "processes"), counted(2, "process", "processes"), counted(0, "finished run")
    ('1 process', '2 processes', '0 finished runs')
    """
    return f"{number:{form}} {noun if number == 1 else several or noun + 's'}"
