"""Sphinx configuration."""

import os
import sys
import tempfile
from importlib.metadata import version as _version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import claim_pages
import figures
import observable_pages

figures.generate(Path(__file__).parent / "generated")
claim_pages.generate(Path(__file__).parent / "claims" / "generated")
observable_pages.generate(Path(__file__).parent / "claims" / "generated" / "observables.md")

# Executed pages: a kernel with settings of its own, that says nothing below an error.
_ipython = Path(tempfile.mkdtemp(prefix="factbound-docs-"))
(_ipython / "profile_default").mkdir()
(_ipython / "profile_default" / "ipython_kernel_config.py").write_text("c.IPKernelApp.log_level = 40\n")
os.environ["IPYTHONDIR"] = str(_ipython)

project = "factbound"
author = "The factbound developers"
copyright = "2026, the factbound developers"
release = _version("factbound")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "mathml"]
html_math_renderer = "mathml"
myst_enable_extensions = ["amsmath", "dollarmath", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "cache"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
exclude_patterns = ["_build", "jupyter_execute", "claims/generated/*", "generated/*"]

html_theme = "furo"
html_title = "factbound"
html_static_path = ["_static"]
html_css_files = ["factbound.css"]
