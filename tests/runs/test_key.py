"""What decides a result is in its key: every module that a run imports, or the reason why it need not be."""

import importlib
import sys

import grimp
import pytest

import empirics
from empirics.experiments.registry import experiments
from empirics.runs.source import run_key

# Modules that a run imports and that decide no result.
REASONS = {
    "empirics.errors": "messages",
    "empirics.files": "writes compiled kernels; what is read back damaged is compiled again",
    "empirics.settings": "reads settings; their values are in the key",
    "empirics.experiments.settings": "the same",
    "empirics.judging.settings": "the judge's, which sees runs afterwards",
    "empirics.experiments.presentation": "what is shown",
    "empirics.experiments.protocol": "always in the key",
    "theory": "types of annotations only",
}
# Libraries likewise.
SHAPES_ONLY = {"pydantic": "reads settings; their values are in the key", "jaxtyping": "annotations only"}

# Settings that name where something comes from; what it holds is in the key.


def imported_by(package):
    """Modules outside the package that its runs import."""
    graph = grimp.build_graph("empirics", "theory", exclude_type_checking_imports=True)
    entries = [m for m in (f"{package}.run", f"{package}.predict.predictors") if m in graph.modules]
    assert entries
    found = set().union(*(graph.find_upstream_modules(entry) for entry in entries))
    return {m for m in found if m != package and not m.startswith(package + ".")}


@pytest.mark.parametrize("name", list(experiments()))
def test_every_module_that_a_run_imports_is_in_its_key(name):
    item = experiments()[name]
    hashed = {f"empirics.experiments.{path.stem}" for path in item.sources}
    package = type(item).__module__.rpartition(".")[0]
    rest = {m for m in imported_by(package) if m.partition(".")[0] != "theory"} - hashed
    assert rest <= set(REASONS)


@pytest.mark.parametrize("name", list(experiments()))
def test_every_library_that_a_run_imports_is_in_its_key(name):
    item = experiments()[name]
    package = type(item).__module__.rpartition(".")[0]
    graph = grimp.build_graph("empirics", "theory", include_external_packages=True, exclude_type_checking_imports=True)
    entries = [m for m in (f"{package}.run", f"{package}.predict.predictors") if m in graph.modules]
    mine = set(entries).union(*(graph.find_upstream_modules(entry) for entry in entries))
    direct = set().union(
        *(graph.find_modules_directly_imported_by(m) for m in mine if m.startswith("empirics.experiments"))
    )
    libraries = {m.partition(".")[0] for m in direct} - set(sys.stdlib_module_names) - {"empirics", "theory"}
    assert "numpy" in libraries
    assert libraries <= set(item.libraries) | set(SHAPES_ONLY)


@pytest.mark.parametrize(
    "place", ["world.py", "facts.py", "protocol.py", "one_layer/train.py", "one_layer/measure/extraction.py"]
)
def test_a_change_of_a_deciding_source_changes_the_key(place, monkeypatch):
    from pathlib import Path

    from empirics.runs import source as key

    chosen, config = empirics.experiment(), empirics.load_config("quick")
    unit = chosen.units(config)[0]
    key._code.cache_clear()
    before = run_key(chosen, config, unit, 0)
    real = Path.read_bytes
    changed = Path(empirics.__file__).parent / "experiments" / place
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == changed else b""))
    key._code.cache_clear()
    assert run_key(chosen, config, unit, 0) != before
    monkeypatch.undo()
    key._code.cache_clear()
    assert run_key(chosen, config, unit, 0) == before


@pytest.mark.parametrize("init", [True, False])
def test_every_file_of_a_third_partys_folder_is_in_the_key(init, tmp_path, monkeypatch):
    from empirics.runs import source as key

    package = tmp_path / f"lab_{init}"
    (package / "presets").mkdir(parents=True)
    (package / "__pycache__").mkdir()
    deciding = ["map.py", "report.py", "table.csv", "weights.npy", "setup.yaml", "rows.jsonl", "plain"]
    aside = ["presets/quick.toml", "__pycache__/map.cpython-311.pyc"]
    for place in deciding + aside:
        (package / place).write_text("1")
    (package / "trial.py").write_text(
        "from empirics.experiments.protocol import Experiment\nclass Trial(Experiment):\n    pass\n"
    )
    if init:
        (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    trial = importlib.import_module(f"{package.name}.trial").Trial()
    assert trial.folder == package

    def code():
        key._code.cache_clear()
        return key._code(trial.folder, trial.aside, trial.sources)

    for place in deciding + aside:
        before = code()
        (package / place).write_text("2")
        assert (code() != before) == (place in deciding), place
    key._code.cache_clear()


@pytest.mark.parametrize("place", ["report.py", "map.py", "presets/quick.toml"])
def test_a_change_of_what_is_only_shown_keeps_what_is_stored(place, monkeypatch):
    from pathlib import Path

    from empirics.runs import source as key

    chosen, config = empirics.experiment(), empirics.load_config("quick")
    unit = chosen.units(config)[0]
    key._code.cache_clear()
    before = run_key(chosen, config, unit, 0)
    assert (chosen.folder / place).exists()
    real = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda self: real(self) + (b"#" if self == chosen.folder / place else b""))
    key._code.cache_clear()
    assert run_key(chosen, config, unit, 0) == before
