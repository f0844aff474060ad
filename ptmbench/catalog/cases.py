"""Cases: the product of models, tasks and methods that makes sense, and its selection by name and by `-k`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from ptmbench.catalog.builtin import ALL_METHODS, METHODS, MODELS, TASKS, VARIANTS
from ptmbench.catalog.spec import FULL, Case, MethodSpec, ModelSpec, TaskSpec, VariantSpec
from ptmbench.catalog.traits import Modality, Serves, StartsFrom, Suits, TaskKind, Trains
from ptmbench.errors import UnknownName, UsageError

DENSE_BATCH, DENSE_PACE = (
    16,
    2,
)  # of training detectors and segmenters: half as many pictures a step, and twice the steps
PUBLISHED_RATES = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)  # around what papers fine-tune networks of this size with
SCRATCH_RATES = (3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2)  # as many, for the same networks from scratch
FEW = frozenset({Trains.NORMS, Trains.BIASES, Trains.ADAPTER})  # so few parameters want rates ten times as high

Entry = TypeVar("Entry", ModelSpec, TaskSpec, MethodSpec, VariantSpec)


def why_no_case(model: ModelSpec, task: TaskSpec, method: MethodSpec, variant: VariantSpec = FULL) -> str | None:
    """The reason why a combination is no case, None where it is one.

    A model takes tasks of its own modalities that ask for what it gives. The rest follows from the traits of the
    method: what it gives, which weights it starts from, and which models it suits.

    Args:
        model: What would be transferred.
        task: What it would be transferred to.
        method: How.
        variant: How it would be served.

    Returns:
        One sentence without its full stop, for an error message; None for a case.
    """
    kind = task.kind
    if kind.modality not in model.modalities:
        return (
            f"{model.name} takes {' and '.join(sorted(model.modalities))}, and {task.name} is made of {kind.modality}"
        )
    if model.only not in {None, kind}:
        return f"{model.name} is made for {model.only}, and {task.name} is {kind}"
    if model.serves is not kind.asks:
        return f"{task.name} asks for {kind.asks}, and {model.name} gives {model.serves}"
    if kind.answer not in method.gives:
        return f"{method.name} gives {', '.join(sorted(method.gives))}, and {task.name} asks for {kind.answer}"
    if variant != FULL and not (model.pretrained or model.random):
        return f"{variant.name} changes a network, and {model.name} has none"
    return _why_unsuited(method, model) or _why_not_private(method, model, kind)


def _why_unsuited(method: MethodSpec, model: ModelSpec) -> str | None:
    """The reason why a method does not apply to a model, whatever the task."""
    if method.starts_from is StartsFrom.RANDOM and not model.random:
        return (
            f"{method.name} starts from random weights: it applies to {model.architecture}.random, not to {model.name}"
        )
    if method.starts_from is StartsFrom.PRETRAINED and not model.pretrained:
        return f"{method.name} needs pre-trained weights, and {model.name} is a control without any"
    if method.suits is Suits.PUBLISHED_IMAGE_NETWORKS and (model.embedded or Modality.IMAGE not in model.modalities):
        return f"{method.name} applies only to published image networks, and {model.name} is none"
    if method.suits is Suits.IMAGES and Modality.IMAGE not in model.modalities:
        return f"{method.name} changes pictures, and {model.name} takes none"
    return None


def _why_not_private(method: MethodSpec, model: ModelSpec, kind: TaskKind) -> str | None:
    """The reason why a promise of privacy would not hold."""
    if not method.private:
        return None
    if not (model.pretrained or model.random):
        return f"{method.name} needs features that hang on no other example, and {model.name} learns them from all"
    if kind is TaskKind.TOKEN_CLASSIFICATION:
        return f"{method.name} promises something to each label, and an example of {kind} holds many"
    return None


def suited(method: MethodSpec, model: ModelSpec) -> MethodSpec:
    """The method with the learning rates that networks of the model's size are tuned over.

    The middle one is taken where none is chosen. What ships with the package is trained as the catalog says, and so is
    a method that only suits published networks. Detectors and segmenters take batches and steps of their own.
    """
    if model.serves is not Serves.FEATURES and method.recipe is not None:
        method = replace(method, recipe=replace(method.recipe, batch_size=DENSE_BATCH, pace=DENSE_PACE))
    if model.embedded or method.recipe is None or method.suits is Suits.PUBLISHED_IMAGE_NETWORKS:
        return method
    rates: tuple[float, ...] = SCRATCH_RATES if method.starts_from is StartsFrom.RANDOM else PUBLISHED_RATES
    if method.trains in FEW:
        rates = tuple(10 * rate for rate in rates)
    return replace(method, grid=rates, recipe=replace(method.recipe, learning_rate=rates[len(rates) // 2]))


def product(
    models: Iterable[ModelSpec] = MODELS,
    tasks: Iterable[TaskSpec] = TASKS,
    methods: Iterable[MethodSpec] = METHODS,
    variants: Iterable[VariantSpec] = (FULL,),
) -> tuple[Case, ...]:
    """All combinations that are cases, task by task, so that neighbours share data and features."""
    models, methods, variants = tuple(models), tuple(methods), tuple(variants)
    return tuple(
        Case(model, task, suited(method, model), variant)
        for task in tasks
        for model in models
        for method in methods
        for variant in variants
        if why_no_case(model, task, method, variant) is None
    )


def models_of(control: ModelSpec, models: Iterable[ModelSpec]) -> set[str]:
    """The names of those models that a control at random initialisation stands beside."""
    return {model.name for model in models if model.pretrained and model.architecture == control.architecture}


def controls_last(models: Sequence[ModelSpec]) -> list[ModelSpec]:
    """The models, a control behind every model of its architecture: it is not run where none of them can be loaded."""
    last = {model.architecture: place for place, model in enumerate(models) if model.pretrained}
    places = [max(place, last.get(one.architecture, 0)) if one.random else place for place, one in enumerate(models)]
    return [models[at] for at in sorted(range(len(models)), key=lambda at: (places[at], models[at].random))]


def find_case(
    model: str,
    task: str,
    method: str,
    variant: str = FULL.name,
    *,
    models: Sequence[ModelSpec] = MODELS,
    tasks: Sequence[TaskSpec] = TASKS,
) -> Case:
    """The case of these names; raises `UnknownName` with near names, or `UsageError`."""
    found = named("model", model, models)
    served = named("variant", variant, VARIANTS)
    case = Case(found, named("task", task, tasks), suited(named("method", method, ALL_METHODS), found), served)
    reason = why_no_case(case.model, case.task, case.method, case.variant)
    if reason:
        raise UsageError(f"{case.id} is not a case: {reason}")
    return case


def named(kind: str, name: str, catalog: Sequence[Entry]) -> Entry:
    """The entry of that name; raises `UnknownName` with near names."""
    for entry in catalog:
        if entry.name == name:
            return entry
    raise UnknownName(kind, name, [entry.name for entry in catalog])
