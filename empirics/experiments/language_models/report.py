"""What the report shows of language models: errors per cell, and the one-layer theory's bound for comparison only."""

from __future__ import annotations

from typing import Any, Final

from empirics.experiments.document import CellResult, Measured
from empirics.experiments.language_models.config import LMConfig
from empirics.experiments.language_models.known import taking_part
from empirics.experiments.presentation import Column, FigureData, Scalar, Shown, Table, Value
from empirics.settings import validated
from theory import DomainError, claim
from theory.plural import counted

NOT_CLAIMED: Final = (
    "The bound is not claimed for language models: their questions and answers have several tokens, and they have "
    "several attention layers. The literal reading of the headline bound is shown for comparison only, at N_f divided "
    "by the number of relations."
)
_AXES: Final = {"R": "templates", "K": "multiplicity", "N_f": "finetuned"}
_MEANS: Final = {
    "finetuning_error": "trained questions",
    "statement_accuracy": "statements stored",
    "answer_reciprocal_rank": "mean reciprocal rank",
    "some_template_unseen": "template unseen",
    "passage_loss_rise": "forgotten (nats)",
}


def show(subject: Measured) -> Shown:
    """The table of errors of every arm, and the held-out error over K."""
    figure = _figure(subject)
    return Shown(
        summary=_summary(subject),
        tables=(_table(subject), *_facts(subject)),
        figures=() if figure is None else (figure,),
        notes=(NOT_CLAIMED,),
    )


def _summary(subject: Measured) -> str:
    config: Any = subject.config
    models = {(c.variant, c.symbols["R"], c.symbols["K"], seed) for c in subject.cells for seed in c.seeds}
    model, world = config["model"], config["world"]
    name = (
        model["name"]
        or model.get("weights")
        or (f"{model['architecture']} from scratch ({counted(model['layers'], 'layer')}, width {model['width']})")
    )
    if model.get("trained_layers"):  # results of before have no such key
        name += f" (the last {counted(model['trained_layers'], 'layer')} trained)"
    steps = counted(config["pretraining"]["steps"], "step")
    return (
        f"{counted(len(models), 'language model')}, {name}, on facts of {config['facts']['source']} "
        f"({', '.join(config['facts']['relations'])}); {steps} on statements, "
        f"{config['finetuning']['steps']} on questions; |R| in {world['templates']} for each relation, "
        f"K in {world['multiplicity']}, N_f in {world['finetuned']}"
    )


def _table(subject: Measured) -> Table:
    alpha = subject.config["verdict"]["alpha"]
    return Table(
        id="language-models",
        title="Language models: errors by exact match",
        columns=(
            Column(name="arm"),
            *(Column(name=name, kind="count") for name in ("|R|", "K", "N_f", "seeds")),
            Column(name="held-out error [interval]", kind="interval"),
            *(
                Column(name=name, kind="number")
                for name in (
                    *(_MEANS[name] for name in _measured(subject)),
                    "literal bound (comparison only)",
                )
            ),
        ),
        rows=tuple(_row(subject, cell) for cell in subject.cells),
        group=("arm", "|R|"),
        note=(
            f"Held-out error: mean over seeds with its time-uniform interval at level {1 - alpha:g} (betting), for "
            "each cell by itself. The interval does not decide: claims about language models are judged on shares of "
            "worlds, with the limits shown for each claim. Trained questions: error on the fine-tuned facts. "
            "Template unseen: fraction of held-out facts with at least one of their K templates unseen."
            + (
                " Forgotten: how much the loss on an ordinary text has risen, in nats a token."
                if "passage_loss_rise" in _measured(subject)
                else ""
            )
        ),
    )


def _facts(subject: Measured) -> tuple[Table, ...]:
    """What became of the facts of the pool, where the model was asked which of them it knows."""
    if not subject.config["facts"].get("unknown"):
        return ()
    pool = taking_part(validated(LMConfig, subject.config))
    rows = (("take part, " + ", ".join(f"{name} {n}" for name, n in pool.relations.items()), len(pool.facts)),)
    return (
        Table(
            id="facts",
            title=f"The {pool.available} facts of {pool.source}",
            columns=(Column(name="what became of them"), Column(name="facts", kind="count")),
            rows=(*rows, *((reason, count) for reason, count in pool.left_out.items() if count)),
            note=pool.read[-1][0].upper() + pool.read[-1][1:] + ".",
        ),
    )


def _measured(subject: Measured) -> list[str]:
    """The means that are shown: of what only some experiments measure, if it was."""
    known = {name for cell in subject.cells for name in cell.observables}
    return [name for name in _MEANS if name != "passage_loss_rise" or name in known]


def _row(subject: Measured, cell: CellResult) -> tuple[Value, ...]:
    error = cell.observables.get("ood_error")
    return (
        cell.variant,
        *(cell.symbols[symbol] for symbol in _AXES),
        f"{len(cell.seeds)} ({len(cell.failed)} failed)" if cell.failed else len(cell.seeds),
        (None, None, None) if error is None else (error.mean, error.lower, error.upper),
        *(cell.observables[name].mean if name in cell.observables else None for name in _measured(subject)),
        _comparison(subject, cell),
    )


def _comparison(subject: Measured, cell: CellResult) -> float | None:
    """The literal bound at the share of N_f that falls to one relation, rounded down."""
    R, K, N_f = (cell.symbols[symbol] for symbol in _AXES)
    relations = max(1, len(subject.config["facts"]["relations"]))
    try:
        return float(claim("ood-error-literal").bound(N_f=N_f // relations, K=K, R=R))
    except DomainError:
        return None


def _figure(subject: Measured) -> FigureData | None:
    rows: list[dict[str, Scalar]] = []
    for cell in subject.cells:
        error = cell.observables.get("ood_error")
        if error is None or error.mean is None:
            continue
        row: dict[str, Scalar] = {column: cell.symbols[s] for s, column in _AXES.items()}
        row |= {"seeds": len(cell.seeds), "error": error.mean, "lower": error.lower, "upper": error.upper}
        rows.append({"variant": cell.variant, **row, "comparison": _comparison(subject, cell)})
    if not rows:
        return None
    return FigureData.of(
        "language-models",
        "Held-out error of language models against multiplicity",
        "Fraction of the held-out questions that greedy decoding answers wrongly, against the multiplicity K. Points "
        "are means over seeds with a time-uniform interval for each cell by itself; it does not decide. "
        f"{NOT_CLAIMED} It is the grey line.",
        "arms",
        rows,
        x="multiplicity",
        y="error",
        xlabel="multiplicity $K$",
        ylabel="held-out error",
        panels=["templates", "finetuned"],
        names={"finetuned": "N_f", "templates": "|R|"},
        comparison_label="literal bound, not claimed",
    )
