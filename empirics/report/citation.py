"""How the software and the papers are cited: BibTeX, CITATION.cff, and the words of the licence.

What is cited stands once: of the software in the metadata of its installation (``pyproject.toml``), of a paper in
``theory/claims/<paper>/paper.py``. What is not known there is left out, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from typing import Final

from theory.notation import Paper
from theory.registry import papers

NAME: Final = "factbound"
_LATEX: Final = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "×": r"$\times$",
    "≤": r"$\le$",
    "≥": r"$\ge$",
    "−": r"$-$",
    "α": r"$\alpha$",
}


@dataclass(frozen=True)
class Software:
    """What the installation says of itself; the year is that of the licence, and empty if that has none."""

    title: str
    version: str
    author: str
    licence: str
    year: str


def software() -> Software:
    """This installation."""
    found = distribution(NAME).metadata
    year = re.search(r"Copyright \(c\) (\d{4})", licence_text())
    return Software(NAME, found["Version"], found["Author"], found["License-Expression"], year[1] if year else "")


def licence_text() -> str:
    """The words of the licence, as the installation has them; empty if it has none."""
    files = [f for f in distribution(NAME).files or () if f.name == "LICENSE"]
    return files[0].read_text(encoding="utf-8") if files else ""


def latex(text: str) -> str:
    """Text as LaTeX and BibTeX take it."""
    return "".join(_LATEX.get(character, character) for character in text)


def arxiv(paper: Paper) -> tuple[str, str]:
    """The number that arXiv gave to a paper, and its year; empty if it is not there."""
    found = re.fullmatch(r"arXiv:((\d\d)\d\d\.\d{4,5})", paper.link)
    return (found[1], f"20{found[2]}") if found else ("", "")


def software_bibtex(cited: Software, commit: str | None = None) -> str:
    """The software of a version; of a commit too, where one ran."""
    fields = {
        "author": f"{{{latex(cited.author)}}}",
        "title": f"{{{latex(cited.title)}}}",
        "howpublished": latex(f"Software, version {cited.version}, licence {cited.licence}"),
        "year": cited.year,
        "note": f"Commit {commit}" if commit else "",
    }
    return _entry("misc", NAME, fields)


def paper_bibtex(paper: Paper) -> str:
    """A paper, as far as it is known: where there are surnames alone, those. Styles that know no eprint name it too."""
    number, year = arxiv(paper)
    fields = {
        "author": " and ".join(map(latex, paper.authors)),
        "title": f"{{{latex(paper.title)}}}" if paper.title else "",
        "journal": f"arXiv preprint arXiv:{number}" if number else "",
        "year": year,
        "eprint": number,
        "archivePrefix": "arXiv" if number else "",
        "note": "" if number else latex(paper.link),
    }
    return _entry("article" if number else "misc", key_of(paper.name), fields)


def key_of(name: str) -> str:
    """The BibTeX key of a paper: its name, with what no key may hold left out."""
    return re.sub(r"[^A-Za-z0-9:.+/-]", "", name) or "paper"


def _entry(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"]) + "\n"


def bibtex(cited: Software, of: Iterable[Paper], commit: str | None = None) -> str:
    """The software, then the papers."""
    return "\n".join([software_bibtex(cited, commit), *map(paper_bibtex, of)])


def citation_cff(cited: Software) -> str:
    """CITATION.cff: the software, and the paper whose theory it checks first."""
    (paper,) = (item for item in papers() if item.default)
    lines = [
        "cff-version: 1.2.0",
        'message: "If you use factbound, please cite it and the paper whose theory it checks."',
        f"title: {cited.title}",
        "type: software",
        "authors:",
        f'  - name: "{cited.author}"',
        f"version: {cited.version}",
        f"license: {cited.licence}",
        "references:",
        "  - type: article",
        f'    title: "{paper.title}"',
        "    authors:",
    ]
    for author in paper.authors:
        given, _, family = author.rpartition(" ")
        lines += [f"      - family-names: {family}", *([f"        given-names: {given}"] if given else [])]
    lines += ["    identifiers:", "      - type: other", f'        value: "{paper.link}"']
    return "\n".join(lines) + "\n"
