#!/usr/bin/env bash
# The example project in a clean environment, with the wheel of factbound as it would be published.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=${PYTHON:-"$root/.venv/bin/python"}
"$python" -m build --outdir "$work/wheels" "$root" > "$work/build.log" || { cat "$work/build.log"; exit 1; }
"$python" -m venv "$work/venv"
cp -r "$root/tests/example_project" "$work/project"
cd "$work/project"
"$work/venv/bin/python" -m pip install -q --disable-pip-version-check -c "$root/constraints.txt" ${PIP_ARGS:-} \
  "$work"/wheels/factbound-*.whl pytest .
"$work/venv/bin/pytest" -q
"$work/venv/bin/python" -m majority_vote.experiment runs.csv
"$work/venv/bin/factbound" judge runs.csv --claim majority-vote --strict --plot bound.svg
"$work/venv/bin/factbound" claims majority-vote > /dev/null
"$work/venv/bin/factbound" plan majority-vote --target 0.01
"$work/venv/bin/factbound" verify --preset quick --claims ood-error-literal --output results > /dev/null
"$work/venv/bin/factbound" plot results --format pdf --output figures > /dev/null
"$work/venv/bin/factbound" report results > /dev/null
test -s bound.svg -a -s bound.csv -a -s results/report.html -a -s figures/ood-error.pdf
