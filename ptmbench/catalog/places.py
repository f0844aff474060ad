"""Where libraries keep what they fetch: folders of weights, repositories and data, found by paths alone.

The folders are those of the libraries themselves: TORCH_HOME, HF_HOME or HF_HUB_CACHE, and PTMBENCH_DATA for data sets
of torchvision. PTMBENCH_CACHE is the folder of what ptmbench itself computes and may delete again.
"""

import math
import os
from pathlib import Path
from typing import Final

from ptmbench.errors import UsageError
from ptmbench.files.cache_folder import CacheFolder

HOMES = ("XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "PTMBENCH_DATA", "HOME")
HF_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first pattern that is there counts
NO_CACHE: Final = frozenset({"", "0", "off"})  # of PTMBENCH_CACHE: a folder of such a name is ./off
CACHE_GIB: Final = 10.0
MOST_CACHE_GIB: Final = 1e6
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


def picture_store() -> Path:
    """Where pictures are written that lie inside of tables."""
    return data_home() / "pictures"


def feature_cache() -> CacheFolder | None:
    """Where features are kept, and how many bytes of them; None where PTMBENCH_CACHE says that they are not.

    Raises:
        UsageError: PTMBENCH_CACHE_LIMIT is no number of GiB.
    """
    given = os.environ.get("PTMBENCH_CACHE")
    if given is not None and given.strip().lower() in NO_CACHE:
        return None
    folder = Path(given) if given else cache_home() / "ptmbench" / "cache"
    return CacheFolder(Path(os.path.abspath(folder.expanduser())), _cache_bytes())  # noqa: PTH100  keeps links


def _cache_bytes() -> int:
    given = os.environ.get("PTMBENCH_CACHE_LIMIT") or str(CACHE_GIB)
    try:
        limit = float(given)
    except ValueError:
        limit = math.nan
    if not 0 < limit <= MOST_CACHE_GIB:  # NaN is neither
        raise UsageError(
            f"expected PTMBENCH_CACHE_LIMIT as a number of GiB above 0, for example 2.5, got {given[:40]!r}; "
            "PTMBENCH_CACHE=off keeps no features on disk"
        )
    return int(limit * 2**30)


def torch_hub_folder(repository: str) -> Path:
    """Where torch keeps a repository OWNER/NAME:REF."""
    owner_name, _, ref = repository.partition(":")
    return torch_home() / "_".join([*owner_name.split("/"), *ref.split("/")])


def snapshot(kind: str, name: str) -> Path:
    """The folder of a pinned repository ORG/NAME@REVISION in the hub's cache; `kind` is "models" or "datasets"."""
    repository, _, revision = name.partition("@")
    return hub_cache() / f"{kind}--{repository.replace('/', '--')}" / "snapshots" / revision
