"""A Sphinx extension: formulas as MathML, made at build time; no script and no network to read a page."""

from __future__ import annotations

from typing import Any

from docutils import nodes

from empirics.report.mathml import mathml

__all__ = ["setup"]


def setup(app: Any) -> dict[str, Any]:
    """Register the renderer that ``html_math_renderer = "mathml"`` names."""
    app.add_html_math_renderer("mathml", inline_renderers=(_inline, None), block_renderers=(_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _inline(writer: Any, node: nodes.Element) -> None:
    writer.body.append(str(mathml(node.astext())))
    raise nodes.SkipNode


def _block(writer: Any, node: nodes.Element) -> None:
    writer.body.append(f'<div class="math scroll">{mathml(node.astext(), display=True)}</div>')
    raise nodes.SkipNode
