"""docs/findings.md has the form that its generators write, and its figures show the numbers of its tables."""

import csv
import io
import re
import sys
from pathlib import Path

import pytest

import theory

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "findings.md").read_text(encoding="utf-8")
PLAIN = """# Findings

| | sentence | follows from |
| --- | --- | --- |
| 8 | alike | `rank-one`: HOLDS |

## 8. Alike.

**Refuted.** `rank-one`: HOLDS, `low-rank`: VIOLATED

- `rank-one`: HOLDS (50 HOLDS).
- `low-rank`: VIOLATED (5 VIOLATED).
  - refuted, low-rank, |R|=60, K=3, N_f=2,5: ood_error within 0.05: in 8 of 32 worlds
  - open, R = 60, K ≥ 2: cos² with e_p

At S = 60.5 and attention_step=1.0 of `main`:

| arm | K | c | error, N_f=5 | P(template unseen) − 1/A | |
| --- | --- | --- | --- | --- | --- |
| `low-rank` | -log error = c N_f^a K^b R^d log R | 0.909 | \\|R\\|=20 | log R | `rank-one` |
"""
FORMED = """# Findings

| | sentence | follows from |
| --- | --- | --- |
| 8 | alike | [`rank-one`](claims/rank-one.md): HOLDS |

(findings-8)=
## 8. Alike.

**Refuted.** [`rank-one`](claims/rank-one.md): HOLDS, [`low-rank`](claims/low-rank.md): VIOLATED

![TITLE](generated/findings-8.svg)

*CAPTION Claims: [`rank-one`](claims/rank-one.md), [`low-rank`](claims/low-rank.md).* ([data](generated/findings-8.csv))

- [`rank-one`](claims/rank-one.md): HOLDS (50 HOLDS).
- [`low-rank`](claims/low-rank.md): VIOLATED (5 VIOLATED).

<details>
<summary>Refuted, open (2 lines)</summary>

- [`low-rank`](claims/low-rank.md):
  - refuted, low-rank, $|R| = 60$, $K = 3$, $N_f = 2,5$: `ood_error` within 0.05: in 8 of 32 worlds
  - open, $|R| = 60$, $K \\ge 2$: $\\cos^2$ with $e_p$

</details>

At $S$ = 60.5 and attention_step=1.0 of `main`:

<details>
<summary>Numbers (1 row)</summary>

| arm | $K$ | $c$ | error, $N_f = 5$ | $P(\\text{template unseen}) - 1/A$ | |
| --- | --- | --- | --- | --- | --- |
| `low-rank` | LAW | 0.909 | $\\|R\\| = 20$ | $\\log\\|R\\|$ | [`rank-one`](claims/rank-one.md) |

</details>
"""


@pytest.fixture(scope="module")
def modules():
    places = [str(ROOT / "docs"), str(ROOT / "tests" / "studies")]
    sys.path[:0] = places
    try:
        import findings_figures
        import findings_form

        yield findings_form, findings_figures
    finally:
        for place in places:
            sys.path.remove(place)
        for name in ("findings_form", "findings_figures", "sentences"):
            sys.modules.pop(name, None)


def test_the_page_has_the_form_that_is_written(modules):
    form, figures = modules
    title, caption = figures.CAPTIONS[8]
    law = r"$-\log\text{error} = c N_f^a K^b \|R\|^d \log \|R\|$"
    assert form.formed(PLAIN) == FORMED.replace("TITLE", title).replace("CAPTION", caption).replace("LAW", law)
    assert form.formed(form.formed(PLAIN)) == form.formed(PLAIN)
    assert form.formed(PAGE) == PAGE, "write it again: make findings, make map"


def test_forming_touches_no_number(modules):
    """The same numbers in the same order, but for the figures' lines and the counts of what is folded."""
    form, _ = modules
    added = re.compile(r"^(?:\(findings-\d+\)=|!\[.*|\*.*\(\[data\].*|<summary>.*)$|\\cos\^2|²", re.M)
    numbers = [re.findall(r"\d+(?:\.\d+)?(?:e[-+]\d+)?", added.sub("", text)) for text in (PLAIN, form.formed(PLAIN))]
    assert numbers[0] == numbers[1]


def test_numbers_are_folded_below_a_figure_of_each_section():
    assert PAGE.count("<details>") == PAGE.count("</details>") == PAGE.count("<summary>") > 30
    inside, head = 0, True
    for line in PAGE.splitlines():
        inside += (line == "<details>") - (line == "</details>")
        head = head and not line.startswith("## ")
        assert inside in (0, 1)
        assert not line.startswith("|") or head or inside == 1, f"a table that is not folded: {line}"
        assert not (inside and line.startswith("#")), f"a heading within a fold: {line}"
    sections = re.split(r"^## ", PAGE, flags=re.M)[1:]
    assert [s.partition(".")[0] for s in sections[:-1]] == [str(n) for n in range(1, 11)]
    for number, section in enumerate(sections[:-1], 1):
        assert f"](generated/findings-{number}.svg)" in section
        assert f"(findings-{number})=" in PAGE
    pictures = re.findall(r"\]\((map/[\w-]+\.svg)\)", sections[-1])
    assert len(pictures) == len(set(pictures)) == 6
    assert all((ROOT / "docs" / picture).exists() for picture in pictures)


def test_every_claim_is_linked_and_no_symbol_is_left_plain():
    claims = {claim.id for claim in theory.all_claims()}
    arms = False
    for line in PAGE.splitlines():
        arms = line.startswith("|") and (arms or line.startswith("| arm |"))
        text = line.partition(" | ")[2] if arms else line
        for found in re.finditer(r"`([\w-]+)`", text.replace("the arm `low-rank`", "").replace("| `", "| arm `")):
            name, after = found[1], found.string[found.end() :]
            assert name not in claims or after.startswith(f"](claims/{name}.md)"), f"{name} is not linked: {line[:80]}"
        plain = re.sub(r"\$[^$]*\$|`[^`]*`|<[^>]*>|!?\[[^]]*\]\([^)]*\)|\(findings-\d+\)=", "", line)
        assert not re.search(r"N_f|\|R\||(?<![\w.])[KRS](?![\w])|cos²|ΔW", plain), line


def test_figures_show_numbers_of_the_page(modules):
    """What is drawn as observed is in the tables of the section or of the third; a new number changes the figure."""
    _, figures = modules
    drawn = {figure.name: figure for figure in figures.findings_figures(PAGE)}
    assert list(drawn) == [f"findings-{n}" for n in range(1, 11)]
    tables = figures.tables(PAGE)
    for number, (name, figure) in enumerate(drawn.items(), 1):
        known = {cell for n in (number, 3) for table in tables[n] for row in table for cell in row.values()}
        values = {float(cell) for cell in known if re.fullmatch(r"-?\d+(\.\d+)?(e-\d+)?", cell)}
        for row in csv.DictReader(io.StringIO(figure.csv)):
            shown = [row[c] for c in ("y", "falls", "stays", "rises") if row.get(c)]
            assert "bound, " in row.get("series", "") or {float(v) for v in shown} <= values, (name, row)
    changed = figures.findings_figures(PAGE.replace("| 20 | 1 | 0.0038 |", "| 20 | 1 | 0.0138 |"))[0]
    assert "0.0138" in changed.csv
    assert changed.csv != drawn["findings-1"].csv


def test_the_bound_in_the_fourth_figure_is_that_of_the_claim(modules):
    _, figures = modules
    rows = [row for row in figures.findings_figures(PAGE)[3].rows if row["series"] == "bound, literal"]
    assert len(rows) == 8
    for row in rows:
        expected = theory.claim("ood-error-literal").bound(N_f=20, K=int(row["x"]), R=int(row["at"]))
        assert row["y"] == pytest.approx(expected)
