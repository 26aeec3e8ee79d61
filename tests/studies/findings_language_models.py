"""What the language models say of the source's sentence on its experiments."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import UNTESTED, Finding, account, judged, why
from findings_seeds import seeds_line

from theory.plural import counted

__all__ = ["language_models"]

TRENDS = ("lm-trends", "lm-trends-multiplicity", "lm-trends-templates")
BESIDE = ("lm-multiplicity", "lm-low-rank")


def language_models(e: Evidence | None) -> Finding:
    """By the verdicts on the trends along each axis of the grid; the other claims are reported beside them."""
    if e is None:
        text = "Language models are a separate study ([language models](language-models.md))."
        return Finding(UNTESTED, "no run", text)
    varied = len(e.results.config["world"]["templates"]) > 1
    trends = TRENDS if varied else TRENDS[:2]
    config, environment = e.results.config, e.results.environment
    rows = [
        [
            f"`{c.variant}`",
            *(str(n) for n in (c.templates, c.multiplicity, c.finetuned, len(c.seeds))),
            *(number(e.mean([c], name), 3) for name in ("statement_accuracy", "finetuning_error", "ood_error")),
        ]
        for c in e.results.cells
    ]
    model = config["model"]
    text = [
        f"`factbound lm run` with facts of `{config['facts']['source']}` ({', '.join(config['facts']['relations'])}), "
        f"{model['name'] or model['architecture'] + ' from scratch'}, {counted(model['layers'], 'layer')} of width "
        f"{model['width']}; {environment.cpu}, {e.results.wall_seconds:.0f} s. These weights were not pre-trained "
        "elsewhere; [real weights](language-models.md#real-weights) are a study of their own.",
        seeds_line(e.results),
        account(e, *trends),
        "Not part of the answer:",
        account(e, *BESIDE),
        table(["arm", "R", "K", "N_f", "seeds", "statements stored", "error, trained", "error, held out"], rows),
        "See [language models](language-models.md).",
    ]
    return Finding(judged(e, *trends), why(e, *trends), "\n\n".join(text))
