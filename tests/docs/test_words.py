"""Words that readers stumbled over stay out of what they read: pages, messages, and what the studies write."""

import re

import pytest

CONDEMNED = (
    "oftener",
    "foretell",
    "foretold",
    "stands? twice",
    "(is|were) at hand",
    "scheduler's affair",
    "no number of seeds",
    "some (own )?(template )?unseen",
    "none seen",
    "says another thing",
    "is asked for in at least",
    "comes to a gap",
    "a user can mend",
    "goes on where it stopped",
    "which is else drawn",
    "errs with probability",
    "are right together",
)
READ = {"docs": ("*.md",), "empirics": ("*.py", "*.j2"), "theory": ("*.py",), "tests/studies": ("*.py",)}
AMONG_DEVELOPERS = {"empirics/judging/shares.py"}  # of a limit, in a proof


@pytest.mark.parametrize("folder", READ)
def test_condemned_words_are_not_read(folder, pytestconfig):
    words = re.compile("|".join(CONDEMNED), re.IGNORECASE)
    root, found = pytestconfig.rootpath, []
    for file in sorted(f for pattern in READ[folder] for f in (root / folder).rglob(pattern)):
        name = file.relative_to(root).as_posix()
        if name not in AMONG_DEVELOPERS and not {"_build", "generated", "jupyter_execute"} & set(file.parts):
            found += [f"{name}: {line.strip()}" for line in file.read_text("utf-8").splitlines() if words.search(line)]
    assert found == []
