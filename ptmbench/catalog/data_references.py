"""Data references: text that names a data set, turned into a task.

A reference's options say how the data is read; `shots`, `train` and `val` say how much of it a method may see, and
`score=validation` that answers are scored on the validation part while the test part stays unread. These go with every
reference and every catalog name.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from ptmbench.catalog.references import Reference, check, parse, short_name, shortened, slug
from ptmbench.catalog.schemes import data_scheme, data_schemes
from ptmbench.catalog.spec import TaskSpec
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UnknownName, UsageError

AMOUNTS = ("shots", "train", "val")
NAME = "name"
SCORED = "score"  # which part answers are scored on
VALIDATION = "validation"


def known_options() -> dict[str, Collection[str]]:
    """The options of each scheme; those of a catalog name under ""."""
    general = (*AMOUNTS, SCORED)
    return {"": general, **{row.name: (*row.options, *general, NAME) for row in data_schemes().values() if row.typed}}


def on_validation(task: TaskSpec) -> TaskSpec:
    """The task with its validation part in place of the test part, which stays unread.

    What chooses hyper-parameters is then held out of the training part. Draws and batches are the task's own.
    """
    scored = parse(task.dataset).having(SCORED, VALIDATION)
    return replace(task, name=f"{task.name}.{VALIDATION}", dataset=str(scored), drawn_as=task.draws)


def scored_on_validation(dataset: str) -> bool:
    """Whether a data set is read so that its test part stays unread."""
    return parse(dataset).get(SCORED) == VALIDATION


def kind_of(reference: Reference) -> TaskKind:
    """The kind of task that a data set makes; raises `UsageError` where it cannot be told."""
    return data_scheme(reference.scheme).kind(reference)


def task_spec(text: str, catalog: Iterable[TaskSpec]) -> TaskSpec:
    """The task of a reference, or of a catalog name with or without options.

    Raises `UnknownName` or `UsageError`.
    """
    reference = parse(text)
    check(reference, "data", known_options())
    scored = reference.get(SCORED)
    if scored not in {"", VALIDATION}:
        raise UsageError(
            f"expected {SCORED}={VALIDATION}, got {SCORED}={shortened(scored)}; the test part is the usual one"
        )
    task = _task_spec(reference.without(SCORED), catalog)
    return on_validation(task) if scored else task


def _task_spec(reference: Reference, catalog: Iterable[TaskSpec]) -> TaskSpec:
    """The task of a reference that is scored on its test part."""
    shots = reference.integer("shots")
    for option in ("train", "val"):
        reference.integer(option)
    if reference.get("shots") and reference.get("train"):
        raise UsageError(f"expected shots=N a class or train=N in all, got both in {reference}")
    if not reference.scheme:
        return _of_catalog(reference, shots, {task.name: task for task in catalog})
    dataset = str(reference.without("shots", NAME))
    given = reference.get(NAME)
    own = f"{short_name(data_scheme(reference.scheme).short(reference.name), dataset)}_{suffix_of(reference, shots)}"
    if not given:
        return TaskSpec(own, kind_of(reference), dataset, shots, classes=None)
    name = f"{slug(given)}_{suffix_of(reference, shots)}"
    return TaskSpec(name, kind_of(reference), dataset, shots, classes=None, drawn_as=own)


def _of_catalog(reference: Reference, shots: int | None, catalog: dict[str, TaskSpec]) -> TaskSpec:
    """A catalog task, as it stands or with other amounts of data."""
    if reference.name not in catalog:
        raise UnknownName("task", reference.name, catalog)
    task = catalog[reference.name]
    if not reference.options:
        return task
    if task.shots is not None:
        full = f"{task.dataset}_full"
        raise UsageError(f"{task.name} has its number of shots already: take {full}?{str(reference).partition('?')[2]}")
    whole = parse(task.dataset)
    dataset = str(Reference(whole.scheme, whole.name, (*whole.options, *reference.without("shots").options)))
    name = f"{slug(task.name.removesuffix('_full'))}_{suffix_of(reference, shots)}"
    return TaskSpec(name, task.kind, dataset, shots, task.classes)


def suffix_of(reference: Reference, shots: int | None) -> str:
    """How much of the data is seen, for the task's name."""
    if shots is not None:
        return f"{shots}shot"
    train, val = reference.get("train"), reference.get("val")
    return "_".join([f"{train}train" * bool(train), f"{val}val" * bool(val)]).strip("_") or "full"
