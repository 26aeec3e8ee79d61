"""Every public function of docs/api.md has an example in its docstring, and the examples run."""

import doctest
import importlib
import inspect
import pkgutil
import re
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")


def documented():
    """Name to object of what the directives of the page document: functions, classes, and no data."""
    found = {}
    for directive, name, options in re.findall(r"^\.\. auto(\w+):: (\S+)\n((?:   .*\n)*)", API, re.M):
        given = dict(re.findall(r":([\w-]+): ?(.*)", options))
        if directive != "module":
            found[name] = pkgutil.resolve_name(name)
            continue
        module = importlib.import_module(name)
        members = [m.strip() for m in given.get("members", "").split(",") if m.strip()]
        left_out = {m.strip() for m in given.get("exclude-members", "").split(",")}
        for member in members or _public(module):
            if member not in left_out:
                found[f"{name}.{member}"] = getattr(module, member)
    return {name: item for name, item in found.items() if inspect.isroutine(item) or inspect.isclass(item)}


def _public(module):
    if hasattr(module, "__all__"):
        return module.__all__
    own = (n for n, item in vars(module).items() if getattr(item, "__module__", None) == module.__name__)
    return [name for name in own if not name.startswith("_")]


OBJECTS = documented()
FUNCTIONS = sorted(name for name, item in OBJECTS.items() if inspect.isroutine(item))


def examples(name):
    """The doctests of an object's docstring, in the module where it is defined."""
    item = OBJECTS[name]
    module = inspect.getmodule(inspect.unwrap(item)) if inspect.isroutine(item) else inspect.getmodule(item)
    finder = doctest.DocTestFinder(recurse=False, exclude_empty=False)
    return finder.find(item, name, module=module, globs=dict(vars(module)))


def test_the_page_documents_what_there_is():
    assert len(FUNCTIONS) > 40
    assert {"theory.registry.claim", "empirics.verification.verify.verify"} <= set(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_public_function_has_an_example(name):
    (test,) = examples(name)
    assert test.examples, f"{name} has no example; write '>>> ' into its docstring"
    assert sum(example.source.count("\n") for example in test.examples) <= 7, f"{name}: the example is too long"


@pytest.mark.parametrize("name", sorted(OBJECTS))
def test_examples_run_and_print_what_they_show(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    shutil.copy(ROOT / "docs" / "stored" / "default.json", tmp_path / "results" / "results.json")
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for test in examples(name):
        said = []
        failed = doctest.DocTestRunner(optionflags=flags).run(test, out=said.append).failed
        assert not failed, "".join(said)
