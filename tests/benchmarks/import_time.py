"""What ``import theory`` costs beside ``import sympy``: medians over fresh interpreters.

Run: python tests/benchmarks/import_time.py [repetitions]
"""

import statistics
import subprocess
import sys

STATEMENTS = ("pass", "import sympy", "import sympy, numpy", "import theory", "import theory; theory.all_claims()")


def seconds(statement: str) -> float:
    """Wall time of one statement in a fresh interpreter, measured inside it."""
    code = f"import time; t = time.perf_counter()\n{statement}\nprint(time.perf_counter() - t)"
    return float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print one line per statement."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    for statement in STATEMENTS:
        times = [seconds(statement) for _ in range(repetitions)]
        print(f"{statement:40s} median {statistics.median(times):.3f} s, least {min(times):.3f} s")


if __name__ == "__main__":
    main()
