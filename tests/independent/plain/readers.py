"""What was written, as rows of text: tables of a terminal, CSV files, tables of the page."""

from __future__ import annotations

import csv
import html.parser
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Row = dict[str, str]
TITLES = ("Claims", "Arms")


def csv_rows(text: str) -> list[Row]:
    return list(csv.DictReader(io.StringIO(text)))


def terminal_table(text: str, title: str) -> list[Row]:
    """The table below a title: columns are parted by two blanks or more in every line; folded lines are joined."""
    lines = text.splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip() == title)
    wide = len(lines[start + 1])
    block = [lines[start + 1]]
    for line in lines[start + 2 :]:
        if len(line) != wide or line.strip() in TITLES:  # a table fills its width with blanks
            break
        block.append(line)
    blank = [all(line[i] == " " for line in block) for i in range(wide)]
    cuts = [0]
    for i in range(1, wide):
        if not blank[i] and blank[i - 1] and i > 1 and blank[i - 2] and any(not b for b in blank[:i]):
            cuts.append(i)
    spans = list(zip(cuts, [*cuts[1:], wide], strict=True))
    high = next(i for i, line in enumerate(block) if line[: cuts[1]].strip())  # a folded head ends there
    names = [" ".join(line[a:b].strip() for line in block[: high + 1]).strip() for a, b in spans]
    whole = next(i for i, name in enumerate(names) if name in ("K", "provenance", "bound"))  # too narrow to be folded
    rows: list[Row] = []
    for line in block[high + 1 :]:
        cells = [line[a:b].strip() for a, b in spans]
        if rows and not cells[whole]:
            for name, cell in zip(names, cells, strict=True):
                if cell:
                    rows[-1][name] += cell if name in ("claim", "arm") else f" {cell}"
        else:
            rows.append(dict(zip(names, cells, strict=True)))
    return rows


@dataclass
class PageTable:
    """A table of the page: where it stands, its accessible name, its heads, its rows of (text, data-value)."""

    place: str
    name: str = ""
    heads: list[str] = field(default_factory=list)
    rows: list[list[tuple[str, str | None]]] = field(default_factory=list)

    def named(self) -> list[Row]:
        return [{h: text for h, (text, _) in zip(self.heads, row, strict=True)} for row in self.rows]


class Page(html.parser.HTMLParser):
    """The tables and the text of a report, each with the id of the heading or section that it stands in."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[PageTable] = []
        self.texts: dict[str, str] = {}
        self.place, self.name, self.inside, self.value = "", "", "", None
        self.words: list[str] = []
        self.hidden = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in ("svg", "math", "script", "style"):
            self.hidden += 1
        if tag == "details":
            self.place = "summaries"
        if tag in ("div", "h2") and given.get("id"):
            self.place = str(given["id"])
        elif tag == "div" and given.get("role") == "group":
            self.name = given.get("aria-label") or ""
        elif tag == "table":
            self.tables.append(PageTable(self.place, self.name))
        elif tag == "tr" and self.tables:
            self.tables[-1].rows.append([])
        elif tag in ("td", "th", "caption"):
            self.inside, self.words, self.value = tag, [], given.get("data-value")

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.texts[self.place] = self.texts.get(self.place, "") + data
            self.words.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("svg", "math", "script", "style"):
            self.hidden -= 1
        if tag == self.inside:
            text, table = " ".join("".join(self.words).split()), self.tables[-1]
            if tag == "caption":
                pass
            elif tag == "th" and not (table.rows and table.rows[-1]):
                table.heads.append(text)
            else:
                table.rows[-1].append((text, self.value))
            self.inside = ""
        elif tag == "table":
            self.tables[-1].rows = [row for row in self.tables[-1].rows if row]


def interval(text: str) -> tuple[str, str | None, str | None]:
    """``0.5 [0.4, 0.6]`` in three parts."""
    found = re.fullmatch(r"(\S*)(?: ?\[(\S+), (\S+)\])?", text.strip())
    assert found, text
    return found[1], found[2], found[3]


def only(rows: list[Row], **wanted: object) -> Row:
    """The one row with these values."""
    found = [row for row in rows if all(row[key] == str(value) for key, value in wanted.items())]
    assert len(found) == 1, (wanted, len(found))
    return found[0]


def counts(text: str) -> Mapping[str, int]:
    """``1 UNDECIDED, 7 HOLDS`` as numbers."""
    return {word: int(n) for n, word in re.findall(r"(\d+) ([A-Za-z][A-Za-z ]*[A-Za-z])", text)}
