"""A stored document is shown without the code that made it."""

import subprocess
import sys

import pytest

from empirics.verification.document import write_document

FORBIDDEN = """
import sys

class Forbidden:
    def find_spec(self, name, path=None, target=None):
        inside = name.startswith(("theory.claims.", "empirics.experiments."))
        if inside and not name.startswith(ALLOWED) or name == "torch":
            raise AssertionError(f"{name} is not needed to show stored results")

NAMES = ("document", "presentation", "protocol", "sampling", "wording")
ALLOWED = tuple("empirics.experiments." + name for name in NAMES)
sys.meta_path.insert(0, Forbidden())

import theory.registry

def asked(*arguments):
    raise AssertionError("the registry of claims is not asked")

theory.registry._registry = asked
"""


@pytest.mark.parametrize(
    "code",
    [
        "write_page(results, directory)",
        "write_figures(all_figures(results), directory, 'png')",
        "print_results(results, Console(), directory)",
    ],
    ids=["report", "plot", "terminal"],
)
def test_nothing_is_evaluated_or_looked_up(toy, tmp_path, code):
    write_document(toy, tmp_path / "results.json")
    program = f"""{FORBIDDEN}
from pathlib import Path
from rich.console import Console
from empirics.report.files import read_directory, write_figures, write_page
from empirics.report.figures.plots import all_figures
from empirics.report.terminal import print_results
directory = Path({str(tmp_path)!r})
results = read_directory(directory)
{code}
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_page_of_another_experiment_speaks_its_words_alone(toy, tmp_path):
    from empirics.report.files import write_page

    write_page(toy, tmp_path)
    page = (tmp_path / "report.html").read_text()
    for word in ("|R|", "N_f", "one-layer", "ood_", "OOD", "templates"):
        assert word not in page
    assert "factbound verify --experiment toy" in page
