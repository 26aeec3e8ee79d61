"""What the language models say of the source's sentence on its experiments."""

from __future__ import annotations

from evidence import Evidence, number, table
from findings_rules import UNTESTED, judged

__all__ = ["language_models"]

TRENDS = ("lm-trends", "lm-trends-multiplicity", "lm-low-rank")


def language_models(e: Evidence | None) -> tuple[str, str]:
    """By the verdicts on the trends and on low rank; ``lm-multiplicity`` compares the ends of the grid."""
    if e is None:
        return UNTESTED, "Language models are a study of their own ([language models](language-models.md))."
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
        f"{model['name'] or model['architecture'] + ' from scratch'}, {model['layers']} layers of width "
        f"{model['width']}; {environment.cpu}, {e.results.wall_seconds:.0f} s. No weights pre-trained elsewhere.",
        " ".join(e.verdict(claim) + "." for claim in (*TRENDS, "lm-multiplicity")),
        table(["arm", "R", "K", "N_f", "seeds", "statements stored", "error, trained", "error, held out"], rows),
        "The fall from the smallest to the largest K is what these few seeds decide; an equivalence within "
        f"{config['verdict']['equivalence_margin']:g} and trends within "
        f"{config['verdict']['trend_margin']:g} need more. "
        "See [language models](language-models.md).",
    ]
    return judged(e, *TRENDS), "\n\n".join(text)
