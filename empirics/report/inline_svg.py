"""Pictures inside the page: in few bytes and few elements, in the page's colours, with ids of their own."""

from __future__ import annotations

import re
from zlib import crc32

from markupsafe import Markup, escape

from empirics.report.figures.style import GRID, INK, LAW, SEEN, SHADES, SOFT

_COLOURS = {
    INK: "--figure-ink",
    SOFT: "--figure-soft",
    GRID: "--figure-grid",
    LAW: "--figure-law",
    SEEN: "--figure-seen",
    "#555555": "--shade-1",
    "#bbbbbb": "--shade-3",
    **{shade: f"--shade-{number}" for number, shade in enumerate(SHADES) if number},
}
_OF_ALL = '<style type="text/css">*{stroke-linejoin: round; stroke-linecap: butt}</style>'
"""Matplotlib's rule for its pictures would be one for the whole page; report.css has it for every picture."""
_USE = re.compile(r'<use xlink:href="#([^"]+)" x="([^"]+)" y="([^"]+)" class="([^"]+)"/>')
_AT = 'x="[^"]+" y="[^"]+"'  # no further attribute: a mark that is also turned or scaled stays as it is
_USES = re.compile(
    rf'<use xlink:href="#([^"]+)" {_AT} class="([^"]+)"/>(?:<use xlink:href="#\1" {_AT} class="\2"/>)+',
)
_CLIPPED = re.compile(r'<g (clip-path="[^"]+")>(?:<use [^>]*/>)+</g>(?:<g \1>(?:<use [^>]*/>)+</g>)+')
_TICK = re.compile(r'<path id="([^"]+)" d="M 0 0 L (-?[\d.]+ -?[\d.]+)" class="([^"]+)"/>')


def inline(svg: str, prefix: str, title: str) -> Markup:
    """An SVG for the page: ids of its own (several in one page must not share them), the page's colours, a name."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'(xlink:href="|url\()#', rf"\1#{prefix}-", svg)
    svg = _slim(re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S), prefix)
    head, bracket, body = svg.partition(">")
    head = re.sub(r' (?:height|width)="[^"]*"', "", head)
    body = body.replace("{fill: #ffffff}", "{fill: none}").replace("fill: #ffffff", "fill: var(--paper)")
    for colour, variable in _COLOURS.items():
        body = body.replace(f": {colour}", f": var({variable})")
    name = f'<svg role="img" aria-label="{escape(title)}"'
    return Markup(head.replace("<svg", name, 1) + bracket + body)


def _slim(svg: str, prefix: str) -> str:
    """The same picture in fewer bytes: no comments, hundredths of a point, each style once, no unused ids."""
    svg = re.sub(r">\s+<", "><", re.sub(r"<!--.*?-->", "", svg.replace(_OF_ALL, ""), flags=re.S))
    svg = re.sub(r"<[^>]+>", lambda tag: re.sub(r"\d+\.\d{3,}", _rounded, tag[0]), svg)
    svg = re.sub(r' d="([^"]+)"', lambda path: f' d="{" ".join(path[1].split())}"', svg)
    mark = crc32(prefix.encode())  # a name for CSS, whatever the figure is called
    styles = {style: f"s{mark:x}-{i}" for i, style in enumerate(dict.fromkeys(re.findall(r' style="([^"]+)"', svg)))}
    svg = re.sub(r' style="([^"]+)"', lambda found: f' class="{styles[found[1]]}"', svg)
    rules = "".join(f".{name}{{{style}}}" for style, name in styles.items())
    head, bracket, body = svg.partition(">")
    body = _asked(_without_copies(_without_bare_groups(_asked(body))))
    return f"{head}{bracket}<style>{rules}</style>{body.replace('<defs></defs>', '')}"


def _rounded(number: re.Match[str]) -> str:
    return f"{float(number[0]):.2f}".rstrip("0").rstrip(".")


def _asked(svg: str) -> str:
    """The same picture without ids that nothing refers to."""
    asked = set(re.findall(r'(?:href="|url\()#([^")]+)', svg))
    return re.sub(r' id="([^"]+)"', lambda name: name[0] if name[1] in asked else "", svg)


def _without_bare_groups(svg: str) -> str:
    """The same elements, without groups that have no attribute: most of those that matplotlib writes."""
    kept: list[str] = []
    bare: list[bool] = []
    for token in re.split(r"(<g\b[^>]*>|</g>)", svg):
        if token.startswith("<g"):
            bare.append(token == "<g>")
        if not (token.startswith(("<g", "</g>")) and bare[-1]):
            kept.append(token)
        if token == "</g>":
            bare.pop()
    return "".join(kept)


def _without_copies(svg: str) -> str:
    """The same marks without a ``use`` each, which a browser makes a tree of: there are thousands of them.

    Marks that follow one another are the markers of a path, ticks are lines.
    """
    shapes = dict(re.findall(r'<path id="([^"]+)"([^>]*/>)', svg))
    markers: dict[tuple[str, str], str] = {}

    def marked(found: re.Match[str]) -> str:
        name = markers.setdefault((found[1], found[2]), f"{found[1]}-{len(markers)}")
        places = "L".join(f"{x} {y}" for _, x, y, _ in _USE.findall(found[0]))
        where = " ".join(f'marker-{place}="url(#{name})"' for place in ("start", "mid", "end"))
        return f'<path fill="none" d="M{places}" {where}/>'

    def tick(use: re.Match[str]) -> str:
        end, style = ticks.get(use[1], ("", ""))
        return f'<path d="M{use[2]} {use[3]}l{end}" class="{style}"/>' if style == use[4] else use[0]

    ticks = {name: (end, style) for name, end, style in _TICK.findall(svg)}
    svg = _CLIPPED.sub(lambda found: f"<g {found[1]}>{''.join(re.findall('<use [^>]*/>', found[0]))}</g>", svg)
    svg = _USES.sub(lambda found: marked(found) if found[1] in shapes else found[0], svg)
    svg = _USE.sub(tick, svg)
    look = 'overflow="visible" markerUnits="userSpaceOnUse"'
    made = [f'<marker id="{n}" class="{c}" {look}><path{shapes[shape]}</marker>' for (shape, c), n in markers.items()]
    return f"<defs>{''.join(made)}</defs>{svg}" if made else svg
