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
factbound=$work/venv/bin/factbound
"$work/venv/bin/pytest" -q
"$factbound" verify --experiment mean-estimate --preset quick --mutants --output results
"$factbound" plot results --format pdf --output figures > /dev/null
"$factbound" report results > /dev/null
"$factbound" check --experiment mean-estimate --baseline tests/quick.json
# The experiments that factbound brings along are there too.
"$factbound" verify --preset quick --claims ood-error-literal --output one-layer > /dev/null
test -s results/report.html -a -s figures/along-the-tosses.csv -a -s figures/claim-hoeffding.pdf -a -s one-layer/report.html
