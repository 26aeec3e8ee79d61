"""What importing and using ``theory`` loads."""

import os
import subprocess
import sys
from pathlib import Path

import theory

ROOT = Path(theory.__file__).parents[1]


def modules_after(code: str) -> set[str]:
    result = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys\nprint(*sys.modules)"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stdout.split())


def test_import_is_light() -> None:
    loaded = modules_after("import theory") - modules_after("import sympy, numpy")  # SymPy itself may load flint
    assert not loaded & {"torch", "empirics", "scipy", "flint", "matplotlib", "theory.claims", "theory.numbers"}


def test_claims_bounds_and_plans_load_neither_torch_nor_empirics() -> None:
    loaded = modules_after(
        "import theory\n"
        "from theory.planning.plan import plan\n"
        "claims = theory.all_claims()\n"
        "theory.claim('ood-error-literal').log_bound(N_f=1000000, K=64, R=100)\n"
        "theory.claim('covering-some-unseen').log_bound(N_f=20, K=4, R=40)\n"
        "plan('covering-some-unseen', 0.05, K=4, R=40)"
    )
    assert not loaded & {"torch", "empirics", "scipy", "matplotlib"}


def test_listing_and_float_bounds_do_not_load_balls() -> None:
    loaded = modules_after(
        "import theory\nclaims = theory.all_claims()\ntheory.claim('ood-error-literal').log_bound(N_f=100, K=4, R=40)"
    )
    assert not loaded & {"theory.numbers.balls", "theory.coverage.balls"}


def test_product_code_never_parses_text_into_expressions() -> None:
    for file in (ROOT / "theory").rglob("*.py"):
        text = file.read_text()
        for name in ("sympify(", "parse_expr(", "nsimplify(", "eval(", "exec("):
            runs_users_files = (file.name, name) == ("plugins.py", "exec(")  # a file that the user names is code
            assert name not in text or runs_users_files, f"{file.name} uses {name}"
