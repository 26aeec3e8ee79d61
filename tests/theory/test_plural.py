"""A number with its noun."""

import re
from pathlib import Path

import pytest

from theory.plural import counted

NOUNS = "cell|claim|column|fact|file|line|model|mutant|process|row|run|seed|step|template|value|verdict|world"
COUNT = r"(?:len\([^{}]*\)|\b\w*(?:count|number|workers|processes|total\(\))[\w.()]*)(?::,)?\}"
PLURAL = re.compile(rf"{COUNT} (?:[a-z-]+ )?(?:{NOUNS})e?s\b")


def test_one_is_singular_and_everything_else_is_not():
    assert [counted(n, "cell") for n in (0, 1, 2)] == ["0 cells", "1 cell", "2 cells"]
    assert [counted(n, "process", "processes") for n in (1, 2)] == ["1 process", "2 processes"]
    assert [counted(n, "run", form=",") for n in (1, 2000)] == ["1 run", "2,000 runs"]


@pytest.mark.parametrize("folder", ["empirics", "theory", "tests/studies", "docs"])
def test_no_sentence_writes_a_plural_after_a_number_that_may_be_one(folder, pytestconfig):
    """In f-strings and templates; what is counted there goes through ``counted``."""
    root = pytestconfig.rootpath / folder
    found = [
        f"{file.relative_to(root)}: {line.strip()}"
        for file in sorted(root.rglob("*"))
        if file.suffix in (".py", ".j2", ".js") and "certify" not in file.parts
        for line in Path(file).read_text("utf-8").splitlines()
        if PLURAL.search(line)
    ]
    assert found == []
