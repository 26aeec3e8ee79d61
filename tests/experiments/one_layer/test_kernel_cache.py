"""Compiled kernels are kept in the user's cache folder, and nothing depends on whether they can be."""

import stat
import sys

import numba as nb
import numpy as np
import pytest

from empirics.experiments.load import load_config
from empirics.experiments.one_layer.engine import cache, kernels, products
from empirics.experiments.protocol import Point
from empirics.experiments.registry import experiment
from empirics.runs.source import run_key


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "factbound" / "kernels"


def used():
    """A new process's kernel: its result, and whether it was found."""

    def halved(x):
        return x / 2

    kernel = cache.kept(nb.njit(halved))
    assert kernel(3.0) == 1.5
    return bool(kernel.stats.cache_hits)


def test_a_kernel_is_compiled_once(place):
    assert not used()
    (file,) = place.iterdir()
    assert file.name.startswith("halved-")
    assert used()
    assert list(place.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"", b"short", bytes(5000)])
def test_a_damaged_file_is_compiled_again(place, content):
    used()
    (file,) = place.iterdir()
    sound = file.read_bytes()
    file.write_bytes(content)
    assert not used()
    assert len(file.read_bytes()) == len(sound)
    file.write_bytes(sound[:-1])
    assert not used()
    assert used()


def test_another_processor_source_or_version_has_a_file_of_its_own(place, monkeypatch):
    used()
    codegen = type(nb.njit(lambda x: x).targetctx.codegen())
    monkeypatch.setattr(codegen, "magic_tuple", lambda self: ("another processor",))
    assert not used()
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(place.parents[1]))
    monkeypatch.setattr(cache, "_sources", lambda folder: "another source")
    assert not used()
    monkeypatch.setattr(cache, "_versions", lambda: ("other versions",))
    assert not used()
    assert len(list(place.iterdir())) == 4


def test_without_a_place_it_goes_on_without_a_word(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(sys, "platform", "linux")
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert [used(), used()] == [False, False]
    monkeypatch.setattr(cache, "write_atomically", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left")))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "full"))
    assert [used(), used()] == [False, False]
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(cache.Path, "home", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    assert cache.folder() is None
    assert not used()
    assert capfd.readouterr() == ("", "")


def test_the_folder_of_each_system(monkeypatch, tmp_path):
    monkeypatch.setattr(cache.Path, "home", lambda: tmp_path)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache.folder() == tmp_path / ".cache" / "factbound" / "kernels"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, as its specification says
    assert cache.folder() == tmp_path / ".cache" / "factbound" / "kernels"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.folder() == tmp_path / "Library" / "Caches" / "factbound" / "kernels"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    assert cache.folder() is None
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache.folder() == tmp_path / "local" / "factbound" / "kernels"


def test_every_kernel_has_it_and_keys_of_runs_do_not(place):
    modules = (kernels, products)
    compiled = {
        id(kernel): kernel for module in modules for kernel in vars(module).values() if hasattr(kernel, "py_func")
    }
    assert len(compiled) == 8
    assert all(isinstance(kernel._cache, cache.KernelCache) for kernel in compiled.values())
    assert "engine/cache.py" in experiment().aside
    key = run_key(experiment(), load_config("default"), Point.of(R=8, K=3), 0)
    kernels.descend(np.ones(3), np.ones(3), 0.5)
    assert run_key(experiment(), load_config("default"), Point.of(R=8, K=3), 0) == key


def test_a_kernel_that_is_not_compiled_stays_as_it_is():
    assert cache.kept(test_the_folder_of_each_system) is test_the_folder_of_each_system
    assert not hasattr(test_the_folder_of_each_system, "_cache")


def test_others_may_read_it(place):
    used()
    (file,) = place.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
