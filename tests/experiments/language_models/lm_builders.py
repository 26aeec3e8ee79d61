"""Small configurations and facts for tests of language models."""

import csv
import json
from pathlib import Path

import torch
import transformers

from empirics.experiments.arms import arms_of
from empirics.experiments.language_models import EXPERIMENT
from empirics.experiments.language_models.facts.invented import CITIES, MOST, RELATION, invented
from empirics.experiments.language_models.facts.popqa import COLUMNS
from empirics.experiments.language_models.facts.table import Fact
from empirics.experiments.language_models.facts.templates import load_templates
from empirics.experiments.language_models.tokenizer import Tokens, build_tokenizer
from empirics.experiments.load import load_settings
from empirics.experiments.protocol import Point

SIX_FACTS = Path(__file__).with_name("six_facts.tsv")

TINY = (
    "facts.number=24",
    "world.templates=[4]",
    "world.multiplicity=[1,3]",
    "world.finetuned=[4,12]",
    "model.width=32",
    "model.layers=1",
    "model.heads=2",
    "pretraining.steps=80",
    "pretraining.learning_rate=0.01",
    "finetuning.steps=15",
    "evaluation.candidates=4",
    "seeds.minimum=2",
    "seeds.maximum=2",
)


def tiny(*settings):
    """A configuration whose run takes a second."""
    return load_settings(EXPERIMENT, settings=[*TINY, *settings])


def write_rows(path, rows):
    """A TSV in PopQA's columns; lists become JSON, what a row lacks stays empty."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(COLUMNS)
        for row in rows:
            values = (row.get(column, "") for column in COLUMNS)
            writer.writerow(json.dumps(v, ensure_ascii=False) if isinstance(v, (list, tuple)) else v for v in values)


def fact(number, *, relation="capital", answer=None, subject=None):
    """A made-up fact."""
    answer = answer or f"Answer {number}"
    return Fact(f"f{number}", subject or f"Subject {number}", relation, answer, (answer,))


def settled(config):
    """The configuration with its open choices made."""
    return EXPERIMENT.settle(config, "cpu")


def arms(config):
    """Settings of the arms by name, choices made."""
    return {arm.name: arm.settings for arm in arms_of(EXPERIMENT, settled(config))}


def runs(config, unit, seeds):
    """The runs of settled settings."""
    return EXPERIMENT.run(config, unit, seeds, "cpu")


def cell(unit, finetuned):
    """A cell of a unit."""
    return Point((*unit.values, ("N_f", finetuned)))


def small_llama(folder, texts, seed=0, **sizes):
    """Weights and tokenizer of a small Llama that knows the words of some texts, as a folder of weights."""
    tokenizer = build_tokenizer("word", 0, texts)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=600,
        eos_token_id=Tokens(tokenizer).end,
        **sizes,
    )
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(folder)
    return folder


def invented_texts():
    """All words of invented facts, in one text."""
    known = load_templates()[RELATION]
    names = [fact.subject for fact in invented(MOST, 0)]
    return [" ".join([*known.statements, *known.questions, *names, *CITIES]).replace("{", " ").replace("}", " ")]
