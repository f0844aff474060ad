"""Where libraries keep what they fetch: folders of weights, repositories and data, found by paths alone.

The folders are those of the libraries themselves: TORCH_HOME, HF_HOME or HF_HUB_CACHE, and PTMBENCH_DATA for data sets
of torchvision.
"""

import os
from pathlib import Path

HOMES = ("XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "PTMBENCH_DATA", "HOME")
HF_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first pattern that is there counts
TRUSTED = ".ptmbench-trusted"  # in a torch.hub repository whose code a user agreed to run


def cache_home() -> Path:
    """Where caches lie by default."""
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def torch_home() -> Path:
    """torch.hub's folder: repositories, and weights under `checkpoints`."""
    return Path(os.environ.get("TORCH_HOME") or cache_home() / "torch").expanduser() / "hub"


def hub_cache() -> Path:
    """Hugging Face's cache of models and data sets."""
    home = Path(os.environ.get("HF_HOME") or cache_home() / "huggingface").expanduser()
    return Path(os.environ.get("HF_HUB_CACHE") or home / "hub").expanduser()


def data_home() -> Path:
    """Where data sets of torchvision lie."""
    return Path(os.environ.get("PTMBENCH_DATA") or cache_home() / "ptmbench" / "data").expanduser()


def torch_hub_folder(repository: str) -> Path:
    """Where torch keeps a repository OWNER/NAME:REF."""
    owner_name, _, ref = repository.partition(":")
    return torch_home() / "_".join([*owner_name.split("/"), *ref.split("/")])


def snapshot(kind: str, name: str) -> Path:
    """The folder of a pinned repository ORG/NAME@REVISION in the hub's cache; `kind` is "models" or "datasets"."""
    repository, _, revision = name.partition("@")
    return hub_cache() / f"{kind}--{repository.replace('/', '--')}" / "snapshots" / revision
