"""Cases: the product of models, tasks and methods that makes sense, and its selection by name and by `-k`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from ptmbench.catalog.builtin import METHODS, MODELS, TASKS
from ptmbench.catalog.spec import Case, MethodSpec, Modality, ModelSpec, Serves, TaskSpec
from ptmbench.errors import UnknownName, UsageError

SCRATCH, CLASSIC, FROZEN = "from_scratch", "fine_tune_sgd", "frozen_backbone"
DENSE = ("fine_tune", FROZEN, SCRATCH)  # methods for detectors and segmenters
DENSE_BATCH, DENSE_PACE = 16, 2  # of their training: half as many pictures a step, and twice the steps
PUBLISHED_RATES = (5e-5, 3e-4, 1e-3)  # around what papers fine-tune networks of this size with
SCRATCH_RATES = (3e-4, 1e-3, 3e-3)  # as many, for the same networks from scratch

Entry = TypeVar("Entry", ModelSpec, TaskSpec, MethodSpec)


def compatible(model: ModelSpec, task: TaskSpec, method: MethodSpec) -> bool:
    """Whether the combination means anything.

    A model takes tasks of its own modality that ask for what it gives. Raw pixels and word counts have nothing to train
    below the probe; training from scratch belongs to the randomly initialised control of an architecture, fine-tuning
    to weights that somebody trained. The classic recipe, SGD for ten epochs, is for published image networks. Of
    detectors and segmenters all is trained or all but the backbone; a random backbone, left as it is, is a control.
    """
    if model.modality is not task.kind.modality or model.serves is not task.kind.asks:
        return False
    if (method.name == FROZEN) or method.frozen:
        return task.kind.dense == (method.name == FROZEN)
    if method.name == SCRATCH:
        return model.random
    if method.name not in DENSE and (task.kind.dense or _of_networks_only(method, model)):
        return False
    return model.pretrained


def _of_networks_only(method: MethodSpec, model: ModelSpec) -> bool:
    """Whether the method is the classic recipe, and the model no published image network."""
    return method.name == CLASSIC and (model.embedded or model.modality is not Modality.IMAGE)


def suited(method: MethodSpec, model: ModelSpec) -> MethodSpec:
    """The method with the learning rates that networks of the model's size are tuned over.

    The middle one is taken where none is chosen. What ships with the package is trained as the catalog says. Detectors
    and segmenters take batches and steps of their own.
    """
    if model.serves is not Serves.FEATURES and method.recipe is not None:
        method = replace(method, recipe=replace(method.recipe, batch_size=DENSE_BATCH, pace=DENSE_PACE))
    if model.embedded or method.recipe is None or method.name == CLASSIC:
        return method
    rates = SCRATCH_RATES if method.name == SCRATCH else PUBLISHED_RATES
    return replace(method, grid=rates, recipe=replace(method.recipe, learning_rate=rates[1]))


def product(
    models: Iterable[ModelSpec] = MODELS, tasks: Iterable[TaskSpec] = TASKS, methods: Iterable[MethodSpec] = METHODS
) -> tuple[Case, ...]:
    """All compatible cases, task by task, so that neighbours share data and features."""
    models, methods = tuple(models), tuple(methods)
    return tuple(
        Case(model, task, suited(method, model))
        for task in tasks
        for model in models
        for method in methods
        if compatible(model, task, method)
    )


def find_case(
    model: str,
    task: str,
    method: str,
    *,
    models: Sequence[ModelSpec] = MODELS,
    tasks: Sequence[TaskSpec] = TASKS,
) -> Case:
    """The case of these three names; raises `UnknownName` with near names, or `UsageError`."""
    found = named("model", model, models)
    case = Case(found, named("task", task, tasks), suited(named("method", method, METHODS), found))
    if not compatible(case.model, case.task, case.method):
        raise UsageError(f"{case.id} is not a case: {why_incompatible(case)}")
    return case


def why_incompatible(case: Case) -> str:
    """What `compatible` refused, in words."""
    if case.model.modality is not case.task.kind.modality:
        return (
            f"{case.model.name} takes {case.model.modality}, and {case.task.name} is made of {case.task.kind.modality}"
        )
    if case.model.serves is not case.task.kind.asks:
        return f"{case.task.name} asks for {case.task.kind.asks}, and {case.model.name} gives {case.model.serves}"
    if case.task.kind.dense != (case.method.name in DENSE) and case.method.name not in {"fine_tune", SCRATCH}:
        return f"detectors and segmenters are carried over by {', '.join(DENSE)}, and nothing else by {FROZEN}"
    if case.method.name == SCRATCH:
        return f"training from scratch is a case of {case.model.architecture}.random, not of {case.model.name}"
    if case.method.name == CLASSIC and case.model.pretrained:
        return f"{CLASSIC} is for published image networks, and {case.model.name} is none"
    return f"{case.method.name} needs pre-trained weights, and {case.model.name} is a control without any"


def named(kind: str, name: str, catalog: Sequence[Entry]) -> Entry:
    """The entry of that name; raises `UnknownName` with near names."""
    for entry in catalog:
        if entry.name == name:
            return entry
    raise UnknownName(kind, name, [entry.name for entry in catalog])
