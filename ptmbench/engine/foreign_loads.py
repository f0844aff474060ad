"""The one place where libraries load what somebody else made.

Each library has a rule of its own on running code that comes with a model or with data, and an own default for it. Here
the rule is ours, and said in every call: no code, no question on the terminal, nothing from the network.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor

NO_CODE: Final = {"trust_remote_code": False}  # left out, transformers asks on stdin, and a yes runs the folder's code


def _rules(kind: Any) -> dict[str, bool]:
    """What a class is told about code; diffusers' own classes run none, and would take the option for a setting."""
    return NO_CODE if kind.__module__.partition(".")[0] == "transformers" else {}


def pretrained(kind: Any, folder: Path, **options: Any) -> Any:
    """What a class of transformers or diffusers makes of a folder: a model, configuration, tokenizer or processor."""
    rules = _rules(kind)
    return kind.from_pretrained(folder, local_files_only=True, **rules, **options)


def configured(kind: Any, config: Any, **options: Any) -> Any:
    """A model at random initialisation, of transformers' or diffusers' class for the configuration."""
    rules = _rules(kind)
    return kind.from_config(config, **rules, **options)


def pickled(file: Path, *, mapped: bool = False) -> object:
    """The tensors and plain values of a file that `torch.save` wrote, on the CPU; raises on anything else in it.

    With `mapped` a tensor is read when its values are asked for; torch maps the archives that it writes, nothing older.
    """
    return torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)


def safe_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file by name."""
    return dict(load_file(file))


def safe_types(file: Path) -> dict[str, str]:
    """The type of each tensor of a safetensors file, as its header has it (F32, I8): no tensor is read."""
    with safe_open(file, "pt") as held:
        return {key: str(held.get_slice(key).get_dtype()) for key in held.keys()}  # noqa: SIM118  no mapping


def fill_from(network: Any, file: Path) -> None:
    """Loads weights that Keras saved into a network of Keras; files of weights hold no layers, hence no code."""
    network.load_weights(file)


def table_builder(folder: Path) -> Any:
    """How `datasets` would read the tables of a folder; version 4 and later run no loading script."""
    return importlib.import_module("datasets").load_dataset_builder(str(folder))


def table(builder: str, split: str, files: Sequence[str], features: Any) -> Any:
    """One split, read by a builder that comes with `datasets`."""
    return importlib.import_module("datasets").load_dataset(
        builder, data_files={split: [*files]}, split=split, features=features, **NO_CODE
    )
