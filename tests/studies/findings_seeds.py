"""On which seeds the findings rest, and whether any of them was used before to choose what is asked."""

from empirics.report.tables import plan_line
from empirics.verification.results import Results

USED = {
    "readings, rules and presets were chosen": range(0, 1000),
    "the predictors of the map were compared": range(1000, 1004),
    "these findings were made a first time": range(2000, 2032),
}


def used_before(seeds: set[int]) -> dict[str, list[int]]:
    """By purpose, those of the seeds that served it."""
    found = {purpose: sorted(seeds & set(known)) for purpose, known in USED.items()}
    return {purpose: some for purpose, some in found.items() if some}


def seeds_line(results: Results) -> str:
    """Seeds and plan in words."""
    seeds = {seed for cell in results.cells for seed in cell.seeds}
    used = used_before(seeds)
    purposes = "; ".join(f"{purpose} on {len(some)} of them" for purpose, some in used.items())
    known = "; ".join(f"{purpose} on seeds {known[0]} to {known[-1]}" for purpose, known in USED.items())
    never = f"none of them was used before ({known})" if not used else f"some were used before: {purposes}"
    return f"Seeds {min(seeds)} to {max(seeds)}: {never}. {plan_line(results)}"
