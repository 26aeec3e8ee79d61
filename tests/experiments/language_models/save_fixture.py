"""Rewrites tests/experiments/language_models/saved_by_datasets by the package ``datasets`` itself (tests only read it).

Run: pip install datasets; python tests/experiments/language_models/save_fixture.py
"""

import csv
import shutil
from pathlib import Path

from datasets import Dataset, DatasetDict

HERE = Path(__file__).parent
FACTS = HERE.parents[1] / "empirics" / "lm" / "data" / "facts.tsv"


def main() -> None:
    with FACTS.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))[:6]
    for number, row in enumerate(rows, start=1):  # the hub's copy has integers in these columns
        row.update(id=number, subj_id=100 + number, prop_id=0, obj_id=200 + number, s_pop=10, o_pop=20)
    rows[2]["obj"] = None  # a row to be dropped
    rows[3]["possible_answers"] = "no list"  # a row to be repaired
    folder = HERE / "saved_by_datasets"
    shutil.rmtree(folder, ignore_errors=True)
    DatasetDict({"test": Dataset.from_list(rows)}).save_to_disk(folder)


if __name__ == "__main__":
    main()
