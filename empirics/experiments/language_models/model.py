"""Causal language models through transformers: by folder or hub name, or small ones from scratch."""

from __future__ import annotations

import os
import threading
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from empirics.errors import UsageError
from empirics.experiments.language_models.config import Architecture, QuestionTraining
from empirics.experiments.language_models.extra import library
from empirics.experiments.language_models.tokenizer import Tokens
from empirics.experiments.language_models.weights import folder_with

_PROBE_SECONDS = 3.0
_WEIGHTS = ["*.json", "*.safetensors", "*.bin", "*.model", "*.txt", "tokenizer*"]


@lru_cache(maxsize=8)
def resolve_model(name: str) -> Path:
    """The folder that holds the weights and the tokenizer of ``name``.

    A folder of that name is taken as it is; else the Hugging Face cache is searched; else the hub is asked, if it
    answers within seconds. Raises UsageError: the folder holds no model, or the name is neither here nor to be had.
    """
    if Path(name).is_dir():
        if not (Path(name) / "config.json").is_file():
            raise UsageError(f"model.name={name!r} is refused: the folder has no config.json; {_ADVICE}")
        return Path(name)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise UsageError(f"model.name={name!r} is refused: there is no such folder; {_ADVICE}")
    hub = library("huggingface_hub")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=_WEIGHTS, local_files_only=True))
    except Exception as error:  # many kinds, which differ between versions: not cached, or no valid name
        if isinstance(error, hub.errors.HFValidationError):
            raise UsageError(f"model.name={name!r} is refused: neither a folder nor a hub name; {_ADVICE}") from None
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        raise UsageError(f"model.name={name!r} is not on this machine and HF_HUB_OFFLINE is set; {_ADVICE}")
    if not _hub_answers():
        raise UsageError(f"model.name={name!r} is not on this machine and the hub cannot be reached; {_ADVICE}")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=_WEIGHTS, etag_timeout=_PROBE_SECONDS))
    except Exception as error:
        raise UsageError(f"model.name={name!r} cannot be fetched from the hub ({_line(error)}); {_ADVICE}") from None


def folder_of(settings: Architecture) -> Path | None:
    """The folder of a model that is trained already; None for one from scratch. Raises UsageError: it cannot be had."""
    if settings.weights:
        return folder_with(settings.weights)
    return resolve_model(settings.name) if settings.name else None


@lru_cache(maxsize=8)
def width_of(settings: Architecture) -> int:
    """The width of the hidden states of a model that is trained already. Raises UsageError: its files do not say."""
    folder = folder_of(settings)
    assert folder is not None
    with _loading("configuration", folder) as transformers:
        found = int(transformers.AutoConfig.from_pretrained(folder, local_files_only=True).hidden_size)
    return found


_ADVICE = (
    "give a local folder with config.json, weights and tokenizer, as save_pretrained writes it: "
    "--set model.name=/path/to/gpt2"
)


def _hub_answers() -> bool:
    """Whether the hub answers at all, through the proxies of the environment; waits seconds, not minutes."""
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    answered: list[bool] = []

    def ask() -> None:
        try:
            with urllib.request.urlopen(urllib.request.Request(endpoint, method="HEAD"), timeout=_PROBE_SECONDS):
                answered.append(True)
        except urllib.error.HTTPError:
            answered.append(True)  # it answers, if only to refuse
        except (OSError, ValueError):
            answered.append(False)

    asking = threading.Thread(target=ask, daemon=True)  # looking up a name may block longer than any timeout
    asking.start()
    asking.join(_PROBE_SECONDS + 1)
    return bool(answered and answered[0])


def own_tokens(folder: Path) -> Tokens:
    """The tokenizer that belongs to a model (UsageError: the folder has none that can be loaded)."""
    with _loading("tokenizer", folder) as transformers:
        found = Tokens(transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True))
    return found


def load_model(folder: Path) -> Any:
    """The causal language model in a folder, in float32 (UsageError: its files do not make one)."""
    with _loading("causal language model", folder) as transformers:
        found = transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True, dtype=torch.float32)
    return found


@contextmanager
def _loading(what: str, folder: Path) -> Iterator[Any]:
    transformers = library("transformers")
    try:
        yield transformers
    except Exception as error:  # transformers raises many kinds for files that do not fit
        raise UsageError(f"model.name: no {what} can be loaded from {folder} ({_line(error)}); {_ADVICE}") from None


def new_model(settings: Architecture, tokens: Tokens, positions: int, seed: int) -> Any:
    """A small model from scratch, without dropout, for texts of ``positions`` tokens; the seed gives its weights."""
    transformers = library("transformers")
    size = len(tokens.tokenizer)
    marks = {"bos_token_id": tokens.begin, "eos_token_id": tokens.end, "pad_token_id": tokens.pad}
    if settings.architecture == "gpt2":
        config = transformers.GPT2Config(
            vocab_size=size,
            n_positions=positions,
            n_embd=settings.width,
            n_layer=settings.layers,
            n_head=settings.heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            **marks,
        )
    else:
        config = transformers.LlamaConfig(
            vocab_size=size,
            max_position_embeddings=positions,
            hidden_size=settings.width,
            intermediate_size=4 * settings.width,
            num_hidden_layers=settings.layers,
            num_attention_heads=settings.heads,
            num_key_value_heads=settings.heads,
            **marks,
        )
    torch.manual_seed(seed)
    return transformers.AutoModelForCausalLM.from_config(config)


def with_adapters(model: Any, settings: QuestionTraining, seed: int) -> Any:
    """The model with low-rank adapters, the only weights that are then trained.

    Raises UsageError: ``finetuning.targets`` names no matrix of the model.
    """
    peft = library("peft")
    targets = "all-linear" if settings.targets == ("all-linear",) else list(settings.targets)
    torch.manual_seed(seed)
    try:
        config = peft.LoraConfig(
            r=settings.rank,
            lora_alpha=settings.lora_alpha,
            target_modules=targets,
            task_type="CAUSAL_LM",
            # Whether matrices are stored as inputs by outputs (GPT-2's Conv1D).
            fan_in_fan_out=any(type(module).__name__ == "Conv1D" for module in model.modules()),
        )
        with warnings.catch_warnings():  # peft asks transformers in a way that the latter will give up
            warnings.simplefilter("ignore", FutureWarning)
            return peft.get_peft_model(model, config)
    except ValueError as error:
        raise UsageError(
            f"finetuning.targets={list(settings.targets)!r} is refused: {_line(error)}; "
            'allowed is ["all-linear"], or names of matrices of the model, as in ["c_attn"]'
        ) from None


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
