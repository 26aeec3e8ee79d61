"""Stacks on an accelerator: recorded as a CUDA graph, no larger than its memory; CUDA itself is a stand-in."""

import contextlib
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from one_layer_builders import same, start

from empirics.experiments.one_layer import train as training
from empirics.experiments.one_layer.config import Finetuning, Model, Pretraining
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.engine import stacked
from empirics.experiments.one_layer.engine.captured import Captured, recorded
from empirics.experiments.one_layer.engine.low_rank import LowRank
from empirics.experiments.one_layer.engine.stacked import StackedEngine
from empirics.experiments.one_layer.train import descend, train


class Cuda:
    """What of ``torch.cuda`` records a graph; the order of events is kept, and replaying runs what was recorded."""

    def __init__(self, refusal=None):
        self.events, self.refusal, self.recording, self.current = [], refusal, None, "here"

    def current_stream(self):
        return self._stream("here")

    def Stream(self):
        return self._stream("aside")

    def _stream(self, name):
        return SimpleNamespace(
            name=name, wait_stream=lambda other: self.events.append(f"{name} waits for {other.name}")
        )

    @contextlib.contextmanager
    def stream(self, stream):
        self.current = stream.name
        yield
        self.current = "here"

    def CUDAGraph(self):
        graph = SimpleNamespace(works=[])
        graph.replay = lambda: [work() for work in graph.works]
        return graph

    @contextlib.contextmanager
    def graph(self, graph):
        self.recording = graph
        yield
        self.recording = None
        if self.refusal:
            raise self.refusal

    def seen(self, work):
        """The work as it would be seen by CUDA."""

        def called():
            self.events.append("recorded" if self.recording else f"run {self.current}")
            if self.recording:
                self.recording.works.append(work)
            else:
                work()

        return called

    def installed(self, monkeypatch):
        for name in ("current_stream", "Stream", "stream", "CUDAGraph", "graph"):
            monkeypatch.setattr(torch.cuda, name, getattr(self, name))
        return self


def test_work_is_warmed_up_aside_then_recorded_then_replayed(monkeypatch):
    cuda, done = Cuda().installed(monkeypatch), []
    replay = recorded(cuda.seen(lambda: done.append("work")))
    warm = ["aside waits for here", *["run aside"] * 3, "here waits for aside"]
    assert cuda.events == [*warm, "recorded"]
    assert len(done) == 3
    replay()
    replay()
    assert cuda.events == [*warm, "recorded"]
    assert len(done) == 5


def test_what_cannot_be_recorded_runs_as_it_is_and_says_so_in_one_line(monkeypatch):
    cuda, done = Cuda(RuntimeError("operation not permitted\nlong trace")).installed(monkeypatch), []

    def work():
        done.append("work")

    with pytest.warns(UserWarning, match="no CUDA graph") as told:
        assert recorded(work) is work
    assert [str(w.message) for w in told] == [
        "no CUDA graph (operation not permitted): steps are launched one kernel at a time, slower"
    ]
    assert cuda.events[-1] == "here waits for aside"


def test_another_error_is_not_hidden(monkeypatch):
    Cuda().installed(monkeypatch)
    with pytest.raises(ZeroDivisionError):
        recorded(lambda: 1 / 0)


@pytest.mark.parametrize("method", ["full", "lora"])
def test_replayed_gradients_train_to_the_same_weights(method, monkeypatch):
    model, seeds = Model(width=5), [0, 1, 2]
    stage = Finetuning(method=method, targets=("input", "output"), learning_rate=0.05, steps=12)
    worlds, weights = start(seeds, model)
    corpora = [finetuning_corpus(w, 4) for w in worlds]
    cuda = Cuda().installed(monkeypatch)

    def engine():
        stack = StackedEngine(weights, corpora, model)
        return LowRank(stack, stage, seeds) if method == "lora" else stack

    watched = engine()
    monkeypatch.setattr(watched, "gradients", cuda.seen(watched.gradients))
    captured = Captured(watched)
    assert cuda.events[-1] == "recorded"
    for one, other in zip(descend(engine(), stage), descend(captured, stage), strict=True):
        assert same(one.weights, other.weights)
        assert one.loss == other.loss
    assert cuda.events[-1] == "recorded"  # no kernel was launched by itself afterwards


@pytest.mark.parametrize(("is_cuda", "kind"), [(True, Captured), (False, StackedEngine)])
def test_stacks_are_recorded_on_cuda_alone(is_cuda, kind, monkeypatch):
    Cuda().installed(monkeypatch)
    worlds, weights = start([0], Model(width=5))
    corpora = [pretraining_corpus(worlds[0])]
    engine = StackedEngine(weights, corpora, Model(width=5))
    monkeypatch.setattr(training, "StackedEngine", lambda *_: engine)
    elsewhere = SimpleNamespace(output=SimpleNamespace(is_cuda=is_cuda, device=SimpleNamespace(type="elsewhere")))
    assert isinstance(training.backend([elsewhere], corpora, Model(width=5), Pretraining(), [0]), kind)


def test_a_stack_is_cut_to_the_room_and_the_models_stay_who_they_are(monkeypatch):
    model, sizes, seeds = Model(width=5), [], [0, 1, 2, 3, 4]
    worlds, weights = start(seeds, model)
    corpora = [pretraining_corpus(world) for world in worlds]

    def counted(weights, corpora, model):
        sizes.append(len(weights))
        return StackedEngine(weights, corpora, model)

    def run():
        return train(weights, corpora, model, Pretraining(steps=9), seeds=seeds, watch=lambda i, w: {"index": i})

    monkeypatch.setattr(training, "_on_cpu", lambda weights: False)
    monkeypatch.setattr(training, "StackedEngine", counted)
    whole = run()
    monkeypatch.setattr(training, "room", lambda weights, corpus: 2)
    parts = run()
    assert sizes == [5, 2, 2, 1]
    for index, (one, other) in enumerate(zip(whole, parts, strict=True)):
        assert set(other.watched["index"].values) == {index}
        torch.testing.assert_close(one.weights.input, other.weights.input, atol=1e-11, rtol=0)


def test_the_room_is_three_quarters_of_what_is_free(monkeypatch):
    worlds, weights = start([0], Model(width=5))
    corpus = pretraining_corpus(worlds[0])
    assert stacked.room(weights[0], corpus) == sys.maxsize
    calls = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: calls.append("emptied"))
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (calls.append(device), (4000, 9000))[1])
    monkeypatch.setattr(stacked, "bytes_of_one", lambda weights, corpus: 300)
    there = SimpleNamespace(output=SimpleNamespace(is_cuda=True, device="there"))
    assert stacked.room(there, corpus) == 10
    assert calls == ["emptied", "there"]
    monkeypatch.setattr(stacked, "bytes_of_one", lambda weights, corpus: 30_000)
    assert stacked.room(there, corpus) == 1


def tensors(thing, seen):
    """Bytes of all tensors that an object holds, each once."""
    if isinstance(thing, torch.Tensor):
        storage = thing.untyped_storage()
        known = storage.data_ptr() in seen
        seen.add(storage.data_ptr())
        return 0 if known else storage.nbytes()
    if isinstance(thing, list | tuple):
        return sum(tensors(part, seen) for part in thing)
    return sum(tensors(part, seen) for part in vars(thing).values()) if hasattr(thing, "__dict__") else 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("corpus", [pretraining_corpus, lambda world: finetuning_corpus(world, 4)])
def test_memory_of_a_model_is_not_underestimated(dtype, corpus):
    model, seeds = Model(width=24), range(6)
    worlds, weights = start(seeds, model, dtype)
    corpora = [corpus(world) for world in worlds]
    engine = StackedEngine(weights, corpora, model)
    held = tensors(engine, set()) / len(seeds)
    after = sum(tensor.nbytes for tensor in engine.weights()[0].tensors().values())
    rows, vocabulary = max(len(rows.tokens) for rows in corpora[0]), weights[0].output.shape[0]
    expected = held + after + rows * vocabulary * 16
    assert expected <= stacked.bytes_of_one(weights[0], corpora[0]) <= 1.1 * expected


def test_the_gradients_of_a_stack_ask_the_host_for_nothing(monkeypatch):
    """What a graph may not hold: reading a number, or tensors made from Python's."""
    model = Model(width=5)
    worlds, weights = start([0, 1], model)
    engine = StackedEngine(weights, [pretraining_corpus(w) for w in worlds], model)
    for name in ("item", "tolist", "numpy", "cpu", "to", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_, name=name: pytest.fail(name))
    for name in ("tensor", "from_numpy", "as_tensor"):
        monkeypatch.setattr(torch, name, lambda *_, name=name: pytest.fail(name))
    places = [part.gradient.data_ptr() for part in engine.trained]
    engine.gradients()
    engine.gradients()
    assert [part.gradient.data_ptr() for part in engine.trained] == places


def test_repeating_the_gradients_changes_nothing():
    model = Model(width=5)
    worlds, weights = start([0, 1], model)
    engine = StackedEngine(weights, [pretraining_corpus(w) for w in worlds], model)
    engine.gradients()
    first = [part.gradient.clone() for part in engine.trained]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.gradients()
    for before, part in zip(first, engine.trained, strict=True):
        np.testing.assert_array_equal(before.numpy(), part.gradient.numpy())
