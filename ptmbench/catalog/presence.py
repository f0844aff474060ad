"""Which hub assets are on this disk: looked up by paths alone, so that collecting thousands of cases stays cheap."""

import functools
import os
from collections.abc import Collection

from ptmbench.catalog.hub_models import HUB_MODELS, PUBLISHED
from ptmbench.catalog.hub_tasks import HUB_TASKS, PUBLISHED_DATA
from ptmbench.catalog.places import HOMES
from ptmbench.catalog.references import parse
from ptmbench.catalog.schemes import data_scheme, model_scheme
from ptmbench.catalog.spec import Case, ModelSpec, TaskSpec
from ptmbench.errors import UsageError, listed

_MODELS = {model: model.architecture for model in HUB_MODELS}
_TASKS = {task: task.name for task in HUB_TASKS}


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
    """The hub assets a case needs that are not on disk, by the names that `ptmbench fetch -k` takes."""
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


def on_disk(cases: tuple[Case, ...]) -> tuple[tuple[Case, ...], str]:
    """The cases whose weights and data are on disk, and one line on what the others of the hub tier lack.

    Args:
        cases: Cases to run.

    Returns:
        Those that can, and the line; it is empty where none is left out.

    Raises:
        UsageError: Where no case is left.
    """
    left_out = {case.id: missing for case in cases if (missing := lacking(*hub_parts(case)))}
    if not left_out:
        return cases, ""
    summary = hub_summary(list(left_out.values()))
    if len(left_out) == len(cases):
        raise UsageError(f"nothing to run: {summary}")
    return tuple(case for case in cases if case.id not in left_out), summary


@functools.cache
def _model_there(name: str, _homes: tuple[str | None, ...]) -> bool:
    """Looked up once a set of homes."""
    model = next(model for model in HUB_MODELS if model.name == name)
    return model_there(model)


def model_there(model: ModelSpec) -> bool:
    """Whether the weights of a pre-trained hub model are on disk."""
    reference = parse(model.reference)
    return model_scheme(model.provider).on_disk(reference, PUBLISHED[model.name].file)


@functools.cache
def _task_there(name: str, _homes: tuple[str | None, ...]) -> bool:
    """Looked up once a set of homes."""
    task = next(task for task in HUB_TASKS if task.name == name)
    return task_there(task)


def task_there(task: TaskSpec) -> bool:
    """Whether the data of a hub task is on disk."""
    reference = parse(task.dataset)
    return data_scheme(reference.scheme).on_disk(reference, PUBLISHED_DATA[task.name.removesuffix("_full")].place)
