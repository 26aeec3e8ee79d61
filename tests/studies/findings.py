"""Writes docs/findings.md from a results.json: each sentence of the source, and what the measurements say of it.

    python tests/studies/findings.py RESULTS.json docs/findings.md [LANGUAGE_MODELS_RESULTS.json]

The answer to each sentence follows from the verdicts on claims by the rules in
this file; nothing is entered by hand. ``findings_form`` gives the page its form, and docs/findings_figures.py draws its
figures from its tables. `make findings` runs the study and this.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable
from pathlib import Path

from theory.plural import counted

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "docs"))

from evidence import Evidence, percent, table
from findings_ablations import ablations, low_rank
from findings_extraction import covering, directions, failure, headline
from findings_form import formed
from findings_language_models import language_models
from findings_pretraining import near_optimal, structure, trigger
from findings_rules import Finding
from findings_seeds import seeds_line
from kept import kept
from sentences import SENTENCES

from empirics.verification.results import read_results

Section = Callable[[Evidence], Finding]

SECTIONS: tuple[Section, ...] = (
    near_optimal,
    structure,
    trigger,
    headline,
    covering,
    directions,
    failure,
    low_rank,
    ablations,
)
"""What answers each sentence but the last, which is on language models."""


def page(e: Evidence, command: str, lm: Evidence | None = None) -> str:
    """The whole page; ``lm`` are the results of ``factbound lm run``."""
    answers = [*(section(e) for section in SECTIONS), language_models(lm)]
    found = [(sentence, answer) for (sentence, _), answer in zip(SENTENCES, answers, strict=True)]
    environment = e.results.environment
    runs = {(c.variant, c.templates, c.multiplicity, s) for c in e.results.cells for s in c.seeds}
    world, asked = e.results.config["world"], percent(e.results.config["verdict"]["property_share"])
    head = [
        "# Findings",
        "What the measurements say of each sentence of the source (in our words; we had access only to its abstracts "
        "and a short summary). Every answer follows from verdicts by the rules in `tests/studies/findings*.py`: a "
        "sentence is *supported* if every claim that it rests on holds or is supported, *refuted* if one of them is "
        "violated, otherwise *not decided*. A property must hold in at least "
        f"{asked} of worlds. The answers apply only to these settings.",
        f"{counted(len(runs), 'pre-trained model')}, S = {world['subjects']}, R in {world['templates']}, K in "
        f"{world['multiplicity']}, N_f in {world['finetuned']}; {environment.cpu}, torch {environment.torch}, "
        f"{environment.dtype}, {e.results.wall_seconds:.0f} s (runs found in the store not counted); "
        f"{datetime.date.today().isoformat()}. Regenerate with "
        f"`make findings` (`{command}`).",
        seeds_line(e.results),
        table(
            ["", "sentence", "answer", "follows from"],
            [[str(i), s, f"**{f.answer}**", f.why] for i, (s, f) in enumerate(found, 1)],
        ),
    ]
    body = [
        f"## {i}. {s}\n\n**{f.answer[0].upper()}{f.answer[1:]}.** {f.why}\n\n{f.text}"
        for i, (s, f) in enumerate(found, 1)
    ]
    return "\n\n".join([*head, *body]) + "\n"


if __name__ == "__main__":
    source, destination = Path(sys.argv[1]), Path(sys.argv[2])
    command = "factbound verify --config tests/studies/findings.toml"
    lm = Evidence(read_results(Path(sys.argv[3]))) if len(sys.argv) > 3 else None
    text = page(Evidence(read_results(source)), command, lm)
    written_by_map = kept(destination.read_text(encoding="utf-8"), "map") if destination.exists() else ""
    text += f"\n{written_by_map}\n" if written_by_map else ""
    destination.write_text(formed(text), encoding="utf-8")
    print(destination)
