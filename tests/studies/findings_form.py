"""The form of docs/findings.md: figures, numbers folded below them, symbols as mathematics, claims linked.

The studies write plain tables and sentences; :func:`formed` gives a page its form. What has it already stays as it is,
so a page may be formed again after one of its parts was replaced. No number is touched.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from theory import all_claims
from theory.plural import counted

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))

from findings_figures import CAPTIONS
from sentences import SENTENCES

__all__ = ["formed"]

_KEPT = re.compile(r"\$[^$]*\$|\[[^\]]*\]\([^)]*\)|!\[[^\]]*\]\([^)]*\)|`[^`]*`|<[^>]*>|^\([\w-]+\)=$")
_HEADING = re.compile(r"## (\d+)\. ")
_LAW = r"-log error = (c N_f\^a K\^b R\^d(?: log R| \(log R\)\^e| S\^f)?|c \(-log P\([a-z ]+\)\)\^gamma)"
_CHANCE = r"P\(((?:template|all templates|at least one template) [a-z ]+?(?: <= [a-z ]+)?)\)( − 1/A)?"
_SYMBOL = r"(?<![\w.|\\])(\\?\|R\\?\||N_f|[RKS])(?![\w|])"
_SIGNS = {"=": "=", "≥": r"\ge", "≤": r"\le"}
_WRITTEN = {
    r"cos\(Δ_p, h_r\)": r"\cos(\Delta_p, h_r)",
    r"log\(gap t/log² t\)": r"\log(\text{gap}\cdot t/\log^2 t)",
    r"-log\(error\)": r"-\log(\text{error})",
    r"cos²": r"\cos^2",
    r"ΔW": r"\Delta W",
    r"\bW e_r\b": "W e_r",
    r"\be_p\b": "e_p",
    r"σ₁²": r"\sigma_1^2",
    r"\blog K\b": r"\log K",
    r"\blog R\b": r"\log|R|",
    r"\blog c\b": r"\log c",
    r"\bS K / R\b": r"SK/|R|",
    r"− ½": "- 1/2",
    r"\balpha\b": r"\alpha",
    r"\bW\b": "W",
    r"(?<=exponent of )t\b": "t",
    r"(?<=times )c\b": "c",
    r"(?<=coherence )c\b": "c",
}
_OBSERVABLE = r"(?<![\w.\\])[a-z]+(?:_[a-z]+)+(?![\w=(])"
_CELLS = re.compile(r"(?<=\| )([cn])(?= \|)")


def formed(page: str) -> str:
    """The page in its form."""
    claims = {claim.id for claim in all_claims()}
    lines = list(_folded(list(_illustrated(page.splitlines()))))
    arms = False  # in a table whose first column names arms, some of which have the names of claims
    for place, line in enumerate(lines):
        arms = line.startswith("|") and (arms or line.startswith("| arm |"))
        first, bar, rest = line.partition(" | ") if arms else ("", "", line)
        lines[place] = _in_symbols(first + bar + _linked(rest, claims))
    return "\n".join(lines) + "\n"


def _illustrated(lines: list[str]) -> Iterator[str]:
    """The head of each sentence's section with an anchor, and its figure below the answer."""
    for place, line in enumerate(lines):
        found = _HEADING.match(line)
        anchor = f"(findings-{found[1]})=" if found else ""
        if anchor and lines[place - 1] != anchor:
            yield anchor
        yield line
        head = _HEADING.match(lines[place - 2]) if place > 1 else None
        if head and not lines[place + 2].startswith("!["):
            name, (title, caption) = f"findings-{head[1]}", CAPTIONS[int(head[1])]
            claims = ", ".join(f"`{c}`" for c in SENTENCES[int(head[1]) - 1][1])
            yield from ("", f"![{title}](generated/{name}.svg)", "")
            yield f"*{caption} Claims: {claims}.* ([data](generated/{name}.csv))"


def _folded(lines: list[str]) -> Iterator[str]:
    """Tables in a ``details``, and lists below lists; what is in one already, and the table of the head, stay."""
    place, inside, head = 0, False, True
    while place < len(lines):
        line = lines[place]
        inside = (inside or line == "<details>") and line != "</details>"
        head = head and not line.startswith("## ")
        end = place
        if line.startswith("|") and not (inside or head):
            while end < len(lines) and lines[end].startswith("|"):
                end += 1
            yield from _details(f"Numbers ({counted(end - place - 2, 'row')})", lines[place:end])
        elif line.startswith("- ") and not inside:
            while end < len(lines) and lines[end].lstrip().startswith("- "):
                end += 1
            yield from _list(lines[place:end])
        else:
            end = place + 1
            yield line
        place = end


def _list(lines: list[str]) -> Iterator[str]:
    """The points of a list, and folded below them those that have points of their own."""
    points: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith("- "):
            points.append((line, []))
        else:
            points[-1][1].append(line)
    yield from (point for point, _ in points)
    nested = [line for _, below in points for line in below]
    if nested:
        told = ", ".join(dict.fromkeys(re.split("[,:]", line.strip())[0][2:] for line in nested))
        named = [line for point, below in points if below for line in (f"{point.partition(':')[0]}:", *below)]
        yield ""
        yield from _details(f"{told[0].upper()}{told[1:]} ({counted(len(nested), 'line')})", named)


def _details(summary: str, lines: list[str]) -> list[str]:
    return ["<details>", f"<summary>{summary}</summary>", "", *lines, "", "</details>"]


def _linked(text: str, claims: set[str]) -> str:
    """Code spans that are claims as links; an arm is none."""

    def link(found: re.Match[str]) -> str:
        is_claim = found[1] in claims and not text[: found.start()].endswith(("[", "the arm "))
        return f"[`{found[1]}`](claims/{found[1]}.md)" if is_claim else found[0]

    return re.sub(r"`([\w-]+)`", link, text)


def _in_symbols(line: str) -> str:
    """Symbols as mathematics outside links, code and what is mathematics already."""
    parts, last = [], 0
    for kept in _KEPT.finditer(line):
        parts += [_mathematics(line[last : kept.start()]), kept[0]]
        last = kept.end()
    text = "".join([*parts, _mathematics(line[last:])])
    if not line.startswith("|"):
        return text
    text = re.sub(r"\$[^$]*\$", lambda m: re.sub(r"(?<!\\)\|", r"\\|", m[0]), text)  # a bar would end the cell
    return _CELLS.sub(r"$\1$", text)


def _mathematics(text: str) -> str:
    text = re.sub(_LAW, lambda m: f"${_law(m[1])}$", text)
    text = _outside(_CHANCE, lambda m: f"$P({_words(m[1])}){' - 1/A' * bool(m[2])}$", text)
    for pattern, latex in _WRITTEN.items():
        text = _outside(pattern, lambda m, latex=latex: f"${latex}$", text)
    number = r"\d+(?:,\d+)*(?!\w|\.\d)"
    text = _outside(rf"{_SYMBOL} ?([=≥≤]) ?({number})", lambda m: f"${_symbol(m[1])} {_SIGNS[m[2]]} {m[3]}$", text)
    text = _outside(_SYMBOL, lambda m: f"${_symbol(m[1])}$", text)
    return _outside(_OBSERVABLE, lambda m: f"`{m[0]}`", text)


def _outside(pattern: str, write: Callable[[re.Match[str]], str], text: str) -> str:
    """Replaced where it is not in mathematics."""
    return re.sub(rf"\$[^$]*\$|{pattern}", lambda m: m[0] if m[0].startswith("$") else write(m), text)


def _symbol(text: str) -> str:
    return "|R|" if "R" in text else text


def _words(text: str) -> str:
    return " \\le ".join(rf"\text{{{part}}}" for part in text.split(" <= "))


def _law(text: str) -> str:
    """The right side of a fitted law."""
    right = re.sub(r"P\(([a-z ]+)\)", lambda m: rf"P({_words(m[1])})", text)
    right = re.sub(r"\blog\b", r"\\log", right).replace("gamma", r"\gamma")
    return r"-\log\text{error} = " + re.sub(r"\bR\b", "|R|", right)
