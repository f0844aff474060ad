"""What of the hub tier lies on this disk: looked up by paths alone, so that collecting thousands of cases stays cheap.

The places are those of the libraries that fetch: TORCH_HOME, HF_HOME or HF_HUB_CACHE, and PTMBENCH_DATA for data sets
of torchvision.
"""

import functools
import os
from collections.abc import Collection
from pathlib import Path

from ptmbench.catalog.hub_models import HUB_MODELS, PUBLISHED
from ptmbench.catalog.hub_tasks import HUB_TASKS, PUBLISHED_DATA
from ptmbench.catalog.references import parse
from ptmbench.catalog.spec import Case, ModelSpec, TaskSpec
from ptmbench.errors import listed

_MODELS = {model: model.architecture for model in HUB_MODELS}
_TASKS = {task: task.name for task in HUB_TASKS}
HOMES = ("XDG_CACHE_HOME", "TORCH_HOME", "HF_HOME", "HF_HUB_CACHE", "PTMBENCH_DATA", "HOME")
HF_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")  # the first pattern that is there counts
TRUSTED = ".ptmbench-trusted"  # in a torch.hub repository whose code a user agreed to run


def hub_parts(case: Case) -> tuple[str, str]:
    """The model and the task of a case, by name, as far as they are the hub tier's; empty where they are not.

    A random control needs its architecture's weights too: without them it has nothing to be compared with. A user's
    own entry of the same name is not the hub's.
    """
    return _MODELS.get(case.model, ""), _TASKS.get(case.task, "")


def of_hub(case: Case) -> bool:
    """Whether the case needs weights or data that do not ship with the package, and the catalog names them."""
    return any(hub_parts(case))


def lacking(model: str, task: str) -> tuple[str, ...]:
    """Of the hub's part in a case what this disk has not, as `ptmbench fetch -k` takes it."""
    homes = tuple(map(os.environ.get, HOMES))
    found = [model] if model and not _model_there(model, homes) else []
    return (*found, *([task.removesuffix("_full")] if task and not _task_there(task, homes) else []))


def how_to_fetch(names: tuple[str, ...]) -> str:
    """The one command that fetches these."""
    expression = " or ".join(names)
    return f'ptmbench fetch -k "{expression}"' if len(names) > 1 else f"ptmbench fetch -k {expression}"


def hub_summary(lacked: Collection[tuple[str, ...]]) -> str:
    """One line on the hub cases that were left out, from what each of them lacks."""
    names = sorted({name for missing in lacked for name in missing})
    some = min(lacked, key=len)
    return (
        f"{len(lacked):,} cases of the hub tier left out: not on disk are {listed(names)}; for example: "
        f"{how_to_fetch(some)}"
    )


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


@functools.cache
def _model_there(name: str, _homes: tuple[str | None, ...]) -> bool:
    """Looked up once a set of homes."""
    model = next(model for model in HUB_MODELS if model.name == name)
    return model_there(model)


def model_there(model: ModelSpec) -> bool:
    """Whether the weights of a pre-trained hub model are on disk."""
    reference = parse(model.reference)
    if model.provider == "hf":
        return any(any(snapshot("models", reference.name).glob(pattern)) for pattern in HF_WEIGHTS)
    if model.provider == "smp":  # the library pins the revision, and is not asked: looking up imports nothing
        encoder = reference.name.partition("/")[2].replace("@", ".")
        return any(hub_cache().glob(f"models--smp-hub--{encoder}/snapshots/*/*.safetensors"))
    if model.provider == "torch_hub":
        return (torch_hub_folder(reference.name.rpartition("/")[0]) / TRUSTED).exists()
    return (torch_home() / "checkpoints" / PUBLISHED[model.name].file).exists()


@functools.cache
def _task_there(name: str, _homes: tuple[str | None, ...]) -> bool:
    """Likewise."""
    task = next(task for task in HUB_TASKS if task.name == name)
    return task_there(task)


def task_there(task: TaskSpec) -> bool:
    """Whether the data of a hub task is on disk."""
    reference = parse(task.dataset)
    if reference.scheme == "hf":
        return any(snapshot("datasets", reference.name).rglob("*.parquet"))
    return (data_home() / PUBLISHED_DATA[task.name.removesuffix("_full")].place).exists()
