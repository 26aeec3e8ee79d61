"""CONTRIBUTING.md: every folder has its line, and ten questions are answered by at most two files each."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
LINK = re.compile(r"\[([^]]+)\]\(([^)]+)\)")


def rows(heading):
    section = TEXT.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| ")][2:]


def test_every_folder_has_a_line():
    named = [LINK.search(row).groups() for row in rows("A map of the house")]
    assert all(text == target for text, target in named)
    files = [*(ROOT / "theory").rglob("*.py"), *(ROOT / "empirics").rglob("*.py")]
    folders = {str(file.parent.relative_to(ROOT)) for file in files} - {"theory", "empirics"}
    folders = {folder for folder in folders if folder.rpartition("/")[2] not in ("data", "presets", "formal")}
    assert sorted(target for _, target in named) == sorted(folders)


def test_ten_questions_are_answered_by_at_most_two_files():
    found = rows("Where is it?")
    assert len(found) >= 10
    for row in found:
        answers = LINK.findall(row)
        assert 1 <= len(answers) <= 2
        assert all(text == target and (ROOT / target).is_file() for text, target in answers)
