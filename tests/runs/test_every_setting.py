"""Every key of every experiment's settings is in the key of a run, or stands here with the reason why it is not."""

import types
from typing import Annotated, Literal, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from empirics.experiments.registry import experiments
from empirics.runs.source import run_key

# What does not decide a run's result, by key or by section.
ASIDE = {
    "arms": "which variants run; each variant's own settings are in its key",
    "seeds": "which seeds are asked for; the seed of a run is in its key",
    "verdict": "the judge's, which sees runs afterwards",
    "world.facts": "the name of a file: what it says is in the other keys of the world",
}


def leaves(model, prefix=""):
    """(dotted key, type) of every setting."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field.annotation


def another(kind, value):
    """A value of the same kind that differs."""
    origin = get_origin(kind)
    if origin is Annotated:
        return another(get_args(kind)[0], value)
    if origin is Literal:
        return next(v for v in get_args(kind) if v != value)
    if origin in (Union, types.UnionType):
        return another(next(k for k in get_args(kind) if k is not type(None)), value)
    if origin is tuple or kind is tuple:
        inner = get_args(kind)[0]
        return (*value, another(inner, value[0]) if value else another(inner, None))
    if kind is bool:
        return not value
    if kind is int:
        return (value or 0) + 1
    if kind is float:
        return (value or 0.0) * 1.5 + 0.25
    assert kind is str, f"a kind of setting that this test does not know: {kind}"
    return f"{value or ''}x"


def changed(settings, key, value):
    """The settings with one key set, unchecked: what is impossible together is of no matter here."""
    section, _, rest = key.partition(".")
    inner = getattr(settings, section)
    update = {section: changed(inner, rest, value) if rest else value}
    return settings.model_copy(update=update)


def value_at(settings, key):
    for name in key.split("."):
        settings = getattr(settings, name)
    return settings


def fixed(kind):
    """Whether a setting has one possible value."""
    return get_origin(kind) is Literal and len(get_args(kind)) == 1


CASES = [(name, key) for name, item in experiments().items() for key, kind in leaves(item.settings) if not fixed(kind)]


@pytest.mark.parametrize(("name", "key"), CASES)
def test_a_change_of_any_setting_changes_the_key_or_has_a_reason(name, key, monkeypatch):
    monkeypatch.setattr("empirics.runs.source.resolved_device", lambda device: (device, ""))
    if name == "language-model":  # files and weights are in the key by their contents: here names do
        module = "empirics.experiments.language_models"
        monkeypatch.setattr(f"{module}.experiment.digest_of", str)
        for reads in ("resolve_model", "folder_with"):
            monkeypatch.setattr(f"{module}.model.{reads}", str)
    item = experiments()[name]
    settings, kinds = item.settings(), dict(leaves(item.settings))
    unit = item.units(settings)[0]
    other = changed(settings, key, another(kinds[key], value_at(settings, key)))
    assert value_at(other, key) != value_at(settings, key)
    of_unit = {item.axes[symbol] for symbol in item.run_axes}  # the unit is in the key
    aside = key in ASIDE or key.partition(".")[0] in ASIDE or key in of_unit
    decides = run_key(item, other, unit, 0) != run_key(item, settings, unit, 0)
    assert decides is not aside


@pytest.mark.parametrize("name", list(experiments()))
def test_libraries_device_and_sources_are_in_the_key(name, monkeypatch):
    from empirics.runs import source as key

    item = experiments()[name]
    settings = item.settings()
    unit = item.units(settings)[0]
    found, versions = {run_key(item, settings, unit, 0)}, {name: key._version(name) for name in item.libraries}
    for changed_one in item.libraries:
        with monkeypatch.context() as here:
            here.setattr(key, "_version", lambda name, one=changed_one: versions[name] + ("+1" if name == one else ""))
            found.add(run_key(item, settings, unit, 0))
    with monkeypatch.context() as here:
        here.setattr(key, "resolved_device", lambda device: ("cuda", "H200"))
        found.add(run_key(item, settings, unit, 0))
    assert len(found) == len(item.libraries) + 2
