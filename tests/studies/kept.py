"""Parts of docs/findings.md that other commands write: kept when the page is written anew."""

from __future__ import annotations

__all__ = ["kept", "replaced"]

_BEGIN, _END = "<!-- {name}: begin -->", "<!-- {name}: end -->"


def kept(page: str, name: str) -> str:
    """The part of that name with its marks, or nothing."""
    begin, end = _BEGIN.format(name=name), _END.format(name=name)
    if begin not in page or end not in page:
        return ""
    return page[page.index(begin) : page.index(end) + len(end)]


def replaced(page: str, name: str, text: str) -> str:
    """The page with this text as the part of that name; at the end where there was none."""
    part = f"{_BEGIN.format(name=name)}\n\n{text.strip()}\n\n{_END.format(name=name)}"
    before = kept(page, name)
    return page.replace(before, part) if before else page.rstrip() + "\n\n" + part + "\n"
