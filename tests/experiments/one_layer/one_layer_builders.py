"""Small worlds, weights and settings for the tests of the one-layer transformer."""

import math

import numpy as np
import torch

from empirics.experiments.one_layer.config import Config, World
from empirics.experiments.one_layer.corpus import finetuning_corpus, pretraining_corpus
from empirics.experiments.one_layer.measure.collect import measure_finetuned, measure_pretrained, watched
from empirics.experiments.one_layer.parameters import Parameters, initial_parameters
from empirics.experiments.one_layer.train import train
from empirics.experiments.protocol import Curve
from empirics.experiments.world import World as DrawnWorld
from empirics.experiments.world import draw_world
from empirics.settings import gathered, validated

SMALL = World(subjects=13, answers=17, templates=(7,), multiplicity=(3,), finetuned=(4,))


def start(seeds, model, dtype=torch.float64):
    """Worlds and initial weights."""
    worlds = [draw_world(SMALL, 7, 3, s) for s in seeds]
    weights = [initial_parameters(model, w.vocabulary, s, dtype) for w, s in zip(worlds, seeds, strict=True)]
    return worlds, weights


def same(a, b):
    """Whether two models have the same weights, bit for bit."""
    return all(torch.equal(getattr(a, n), getattr(b, n)) for n in ("attention", "input", "output"))


def configured(*settings: str) -> Config:
    """The defaults without arms, with ``KEY=VALUE`` settings over them."""
    return validated(Config, gathered(Config, {}, None, settings))


def hand_made_world(distractors=0, kinds=0) -> DrawnWorld:
    """Three facts, templates {0,1}, {1,2}, {3,0} of 4; answers 0, 1, 2; fine-tuning order 2, 0, 1."""
    config = World(
        subjects=3,
        answers=3,
        templates=(4,),
        multiplicity=(2,),
        finetuned=(1,),
        distractors=distractors,
        distractor_vocabulary=kinds,
    )
    world = draw_world(config, 4, 2, 0)
    return DrawnWorld(
        vocabulary=world.vocabulary,
        own_templates=np.array([[0, 1], [1, 2], [3, 0]]),
        answer_of=np.array([0, 1, 2]),
        finetuning_order=np.array([2, 0, 1]),
        pretraining_distractors=world.pretraining_distractors,
        finetuning_distractors=world.finetuning_distractors,
    )


def zeros(world, width=2) -> Parameters:
    """All weights zero, in float64."""
    size = world.vocabulary.size
    return Parameters(*(torch.zeros(size, n, dtype=torch.float64) for n in (size, width, width)))


def measured(config, seed):
    """World, pre-trained and fine-tuned weights, curves and observables at the first cell of the grid."""
    templates, multiplicity, finetuned = (
        getattr(config.world, a)[0] for a in ("templates", "multiplicity", "finetuned")
    )
    world = draw_world(config.world, templates, multiplicity, seed)
    start = initial_parameters(config.model, world.vocabulary, seed, getattr(torch, config.compute.dtype))
    corpora = [pretraining_corpus(world)]
    watch = watched(config, [world])
    (before,) = train([start], corpora, config.model, config.pretraining, seeds=[seed], watch=watch)
    (after,) = train(
        [before.weights], [finetuning_corpus(world, finetuned)], config.model, config.finetuning, seeds=[seed]
    )
    gap = Curve(before.loss.steps, tuple(v - math.log(multiplicity) for v in before.loss.values))
    curves = {"pretraining_gap": gap, **before.watched}
    observables = measure_pretrained(config, world, before.weights, curves)
    observables |= measure_finetuned(config, world, before.weights, after.weights, finetuned)
    return world, before.weights, after.weights, curves, observables
