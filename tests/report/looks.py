"""What a figure looks like, in words: everything that is drawn, a line each, compared with what was reviewed.

``FACTBOUND_LOOKS=write`` writes the stored texts anew; what changed is then for a reader of the difference to judge.
"""

import os
import re
from difflib import unified_diff
from pathlib import Path

import numpy as np
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.ticker import FixedLocator, NullLocator

from empirics.report.figures.style import figure_style

STORED = Path(__file__).with_name("looks")


def agrees(name, text):
    """Whether a text is the stored one; where it is not, the difference is the message."""
    path = STORED / f"{name}.txt"
    if os.environ.get("FACTBOUND_LOOKS") == "write":
        path.write_text(text + "\n", "utf-8")
    stored, now = (_rounded(given).splitlines() for given in (path.read_text("utf-8"), text))
    difference = list(unified_diff(stored, now, "stored", "now", lineterm=""))
    assert not difference, "\n".join(difference)
    return True


def _rounded(text):
    """Long decimals to nine digits: the last ones differ between machines."""
    return re.sub(r"\d+\.\d{9,}", lambda number: f"{float(number[0]):.9g}", text)


def looks(figure):
    """A figure's drawing: its size, panels, lines, points, bars, labels, limits, ticks and legends."""
    with figure_style(figure.style):
        drawn = figure.draw(figure.rows)
        margins = drawn.subplotpars
        lines = [f"{_numbers(drawn.get_size_inches())} inches, layout {type(drawn.get_layout_engine()).__name__}"]
        lines += [f"margins {_numbers(getattr(margins, m) for m in ('left', 'right', 'bottom', 'top'))}"]
        lines += [f"gaps {_numbers((margins.wspace, margins.hspace))}"]
        lines += [_text("common", label) for label in (drawn._supxlabel, drawn._supylabel) if label]
        for legend in drawn.legends:
            lines += _legend("figure", legend)
        for axis in drawn.axes:
            lines += _panel(axis) if axis.axison else ["", "nothing"]
    return "\n".join(lines)


def _panel(axis):
    x, y = axis.xaxis, axis.yaxis
    lines = ["", f"panel {axis.get_title()}"]
    for name, side, limits in (("x", x, axis.get_xlim()), ("y", y, axis.get_ylim())):
        colour = side.label.get_color()
        lines.append(f"{name} {side.get_scale()} {_numbers(limits)} {side.label.get_text()!r} {colour}")
        if isinstance(side.get_major_locator(), FixedLocator):
            places = side.get_majorticklocs()
            named = zip(places, side.get_major_formatter().format_ticks(places), strict=True)
            lines.append(f"  ticks {', '.join(f'{at:.4g}: {text}' for at, text in named)}")
        shown = side.get_tick_params().get("labelbottom" if name == "x" else "labelleft", True)
        lines.append(f"  labels {shown}, small ticks {not isinstance(side.get_minor_locator(), NullLocator)}")
        lines.append(f"  grid {[line.get_visible() for line in side.get_gridlines()][:1]}")
    for line in axis.get_lines():
        lines.append(
            f"line {_label(line)} {line.get_linestyle()} {line.get_linewidth()} {_colour(line.get_color())} "
            f"marker {line.get_marker()} {line.get_markersize()} {_colour(line.get_markerfacecolor())} "
            f"over {line.get_zorder()} edge {line.get_markeredgewidth()}"
        )
        lines.append(f"  {_pairs(line.get_xydata())}")
    lines += [line for collection in axis.collections for line in _collection(collection)]
    lines += [_text("text", text) for text in axis.texts]
    legend = axis.get_legend()
    return lines + (_legend("panel", legend) if legend else [])


def _collection(found):
    about = f"{_label(found)} over {found.get_zorder()} {[_colour(c) for c in found.get_edgecolor()][:1]}"
    about += f" {_numbers(np.atleast_1d(found.get_linewidth()))}"
    if isinstance(found, LineCollection):
        return [f"bars {about}", *(f"  {_pairs(segment)}" for segment in found.get_segments())]
    if isinstance(found, QuadMesh):
        rows = [f"  {_numbers(row)}" for row in np.ma.filled(found.get_array().astype(float), np.nan)]
        shade = f"{to_hex(found.get_cmap()(0.7))} {type(found.norm).__name__} {found.get_clim()}"
        return [f"mesh {shade} raster {found.get_rasterized()}", *rows[:50]]  # not all of a colour bar's
    shade = "" if found.get_array() is None else f" shades {_numbers(found.get_array())} of {found.get_clim()}"
    marks = f"{len(found.get_paths()[0].vertices)} corners, size {_numbers(found.get_sizes())}"
    return [f"points {about} {marks}{shade}", f"  {_pairs(found.get_offsets())}"]


def _text(what, text):
    place = _numbers(np.atleast_1d([*text.get_position(), *getattr(text, "xy", ())]))
    note = f" {text.xycoords}, {text.anncoords}" if hasattr(text, "anncoords") else ""
    box = text.get_bbox_patch()
    arrow = getattr(text, "arrow_patch", None)
    more = ("" if box is None else f" box {_colour(box.get_facecolor())}") + (
        "" if arrow is None else f" leader {_colour(arrow.get_edgecolor())} {arrow.get_linewidth()}"
    )
    more += f" clipped {text.annotation_clip}" if hasattr(text, "annotation_clip") else ""
    look = f"{text.get_fontsize()} {text.get_color()} {text.get_ha()} {text.get_va()}"
    return f"{what} {text.get_text()!r} at {place}{note}, {look}{more}"


def _legend(what, legend):
    texts = ", ".join(repr(t.get_text()) for t in legend.get_texts())
    return [f"{what} legend at {legend._loc}, {legend._ncols} columns: {texts}"]


def _label(artist):
    label = artist.get_label()
    return "-" if label.startswith("_") else repr(label)


def _colour(colour):
    return colour if isinstance(colour, str) else to_hex(colour)


def _numbers(values):
    return " ".join("-" if np.isnan(v) else f"{v:.4g}" for v in values)


def _pairs(points):
    return "; ".join(f"{x:.4g} {y:.4g}" for x, y in points)
