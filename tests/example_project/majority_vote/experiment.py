"""The experiment: one row per seed and N_f."""

import csv
import random
import sys


def majority_error(answers: int, seed: int, questions: int = 200) -> float:
    """Share of questions whose majority of ``answers`` noisy answers is wrong; ties are wrong."""
    draw = random.Random(f"{seed} {answers}")
    wrong = sum(2 * sum(draw.random() < 0.75 for _ in range(answers)) <= answers for _ in range(questions))
    return wrong / questions


def main(path: str) -> None:
    """Write the table."""
    with open(path, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["N_f", "seed", "majority_error"])
        writer.writerows([n, seed, majority_error(n, seed)] for n in (3, 9, 15) for seed in range(40))


if __name__ == "__main__":
    main(sys.argv[1])
