"""`ptmbench fetch`: the one command that touches the network. Everything else runs on what is on disk."""

import argparse
from contextlib import nullcontext

from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.entries import ALL_MODELS, ALL_TASKS
from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.catalog.hub_tasks import HUB_TASKS
from ptmbench.catalog.model_references import model_spec
from ptmbench.catalog.references import parse
from ptmbench.catalog.schemes import data_scheme
from ptmbench.catalog.selection import matcher
from ptmbench.catalog.spec import ModelSpec, TaskSpec
from ptmbench.errors import PtmbenchError, UnknownName, UsageError
from ptmbench.files.downloads import offline
from ptmbench.outlet import say, warn

NOTHING = "nothing to fetch: it ships with ptmbench, or is a file of your own"


def fetch(arguments: argparse.Namespace) -> int:
    """Downloads weights and data and says where they lie; 1 if one of them could not be had."""
    models = [*_named(arguments.expression), *(model_spec(text, ALL_MODELS) for text in arguments.model)]
    tasks = [*_sets(arguments.expression), *(task_spec(text, ALL_TASKS) for text in arguments.task)]
    if not models and not tasks:
        if arguments.expression:
            names = [model.name for model in HUB_MODELS if not model.random] + [_bare(task) for task in HUB_TASKS]
            raise UnknownName("model or data set to fetch", arguments.expression, names)
        raise UsageError("expected -k NAME, --model REFERENCE or --task REFERENCE, for example -k resnet18")
    with offline() if arguments.offline else nullcontext():
        entries: list[ModelSpec | TaskSpec] = [*models, *tasks]
        failed = [entry for entry in entries if not _got(entry, trusted=arguments.trust_remote_code)]
    return 1 if failed else 0


def _got(entry: ModelSpec | TaskSpec, *, trusted: bool) -> bool:
    """Fetches one entry and says where it lies, or why it could not be had."""
    try:
        place = _weights(entry, trusted=trusted) if isinstance(entry, ModelSpec) else _data(entry)
    except PtmbenchError as error:
        warn(f"{entry.name}: {error}")
        return False
    say(f"{entry.name}: {place}")
    return True


def _bare(task: TaskSpec) -> str:
    return task.name.removesuffix("_full")


def _named(expression: str) -> list[ModelSpec]:
    """Pre-trained hub models that an expression selects: a name alone means that one, not all that begin so."""
    models = [model for model in HUB_MODELS if not model.random]
    exact = [model for model in models if model.name == expression]
    chosen = matcher(expression)
    return exact or [model for model in models if expression and chosen(model.name)]


def _sets(expression: str) -> list[TaskSpec]:
    """Hub tasks that an expression selects; none where the expression is a model's name."""
    exact = [task for task in HUB_TASKS if _bare(task) == expression]
    chosen = matcher(expression)
    found = [task for task in HUB_TASKS if expression and chosen(_bare(task))]
    return exact or ([] if expression in {model.name for model in HUB_MODELS} else found)


def _weights(model: ModelSpec, *, trusted: bool) -> str:
    from ptmbench.engine.models.provider import provider_of

    way = provider_of(model).fetch
    found = way(model, trusted) if way else None
    return NOTHING if found is None else str(found)


def _data(task: TaskSpec) -> str:
    from ptmbench.engine.hot import hot

    reference = parse(task.dataset)
    way = data_scheme(reference.scheme).fetch if reference.scheme else None
    return str(hot(way)(reference)) if way else NOTHING
