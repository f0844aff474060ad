"""What there is to combine in one run: catalog and hub tier, a `ptmbench.toml`, and references given by hand.

    # ptmbench.toml, in the folder that pytest or ptmbench is called from
    models = ["file:weights/best.pth#torchvision:resnet18?name=best"]
    tasks = ["imagefolder:photos", "imagefolder:photos?shots=5"]

The file's entries stand beside those; models and tasks given by hand are the only ones of their sort.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ptmbench.catalog.builtin import ALL_METHODS, METHODS, MODELS, TASKS, VARIANTS
from ptmbench.catalog.cases import controls_last, find_case, named, product
from ptmbench.catalog.data_references import task_spec
from ptmbench.catalog.hub_models import HUB_MODELS
from ptmbench.catalog.hub_tasks import HUB_TASKS
from ptmbench.catalog.model_references import model_specs
from ptmbench.catalog.spec import FULL, Case, MethodSpec, ModelSpec, TaskSpec, VariantSpec
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import Faults, UnknownName, UsageError
from ptmbench.reading import text_of, toml_of

FILE = "ptmbench.toml"
KEYS = ("models", "tasks")
ALL_MODELS = MODELS + HUB_MODELS
ALL_TASKS = tuple(sorted(TASKS + HUB_TASKS, key=lambda task: task.kind))  # kind by kind, as pytest collects its files
Entry = TypeVar("Entry", ModelSpec, TaskSpec)


@dataclass(frozen=True, slots=True)
class Entries:
    """Models, tasks, methods and variants of a run."""

    models: tuple[ModelSpec, ...] = ALL_MODELS
    tasks: tuple[TaskSpec, ...] = ALL_TASKS
    variants: tuple[VariantSpec, ...] = (FULL,)
    methods: tuple[MethodSpec, ...] = METHODS

    def cases(self, kind: TaskKind | None = None) -> tuple[Case, ...]:
        """All compatible cases, or those of one task kind: what one benchmark file is parametrised with."""
        tasks = [task for task in self.tasks if kind in {None, task.kind}]
        return product(self.models, tasks, self.methods, self.variants)

    def find(self, model: str, task: str, method: str, variant: str = FULL.name) -> Case:
        """The case of these names; raises `UnknownName` with near names, or `UsageError`."""
        return find_case(model, task, method, variant, models=self.models, tasks=self.tasks)


def entries_of(
    models: Sequence[str] = (),
    tasks: Sequence[str] = (),
    file: Path | None = None,
    variants: Sequence[str] = (),
    methods: Sequence[str] = (),
) -> Entries:
    """The entries of a run: from the file (`ptmbench.toml` here, where there is one), and given by hand.

    Raises `UnknownName` or `UsageError`.
    """
    listed = _read(file or Path(FILE), must_exist=file is not None)
    known_models = _beside(HUB_MODELS, unlike("model", (*MODELS, *_models(listed["models"], ALL_MODELS))))
    own_tasks = unlike("task", (*TASKS, *(task_spec(text, ALL_TASKS) for text in listed["tasks"])))
    known_tasks = tuple(sorted(_beside(HUB_TASKS, own_tasks), key=lambda task: task.kind))
    faults = Faults()  # what was typed is refused all at once
    chosen_models: list[ModelSpec] = []
    chosen_tasks: list[TaskSpec] = []
    served: dict[VariantSpec, None] = {}
    ways: dict[MethodSpec, None] = {}
    for text in models:
        with faults:
            chosen_models += model_specs(text, known_models)
    for text in tasks:
        with faults:
            chosen_tasks.append(task_spec(text, known_tasks))
    for name in variants:
        with faults:
            served[named("variant", name, VARIANTS)] = None
    for name in methods:
        with faults:
            ways[named("method", name, ALL_METHODS)] = None
    faults.check()
    return Entries(
        unlike("model", controls_last(chosen_models)) or known_models,
        unlike("task", chosen_tasks) or known_tasks,
        tuple(served) or (FULL,),
        tuple(ways) or METHODS,
    )


def _models(texts: Sequence[str], catalog: Sequence[ModelSpec]) -> tuple[ModelSpec, ...]:
    return tuple(model for text in texts for model in model_specs(text, catalog))


def unlike(kind: str, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries, equal ones once; raises `UsageError` where different ones have one name."""
    different = tuple(dict.fromkeys(entries))
    twice = [name for name, count in Counter(entry.name for entry in different).items() if count > 1]
    if twice:
        raise UsageError(f"several {kind}s are called {', '.join(twice)}: give each a name of its own, ?name=NAME")
    return different


def _beside(hub: Sequence[Entry], entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    """The entries, and those of the hub tier whose names are free: a user's own `resnet18` takes the hub's place."""
    taken = {entry.name for entry in entries}
    return entries + tuple(entry for entry in hub if entry.name not in taken)


def _read(file: Path, *, must_exist: bool) -> dict[str, list[str]]:
    """The lists of the file; empty ones without it."""
    try:
        content = toml_of(text_of(file))
    except FileNotFoundError:
        if must_exist:
            raise UsageError(f"{file}: no such file") from None
        return {key: [] for key in KEYS}
    except (OSError, ValueError) as error:  # no TOML, or no UTF-8
        raise UsageError(f"{file} cannot be read: {error}") from None
    for key, value in content.items():
        if key not in KEYS:
            raise UnknownName(f"key of {file}", key, KEYS)
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise UsageError(f"{file}: expected {key} = [REFERENCE, ...], a list of texts, got {value!r}")
    return {key: content.get(key, []) for key in KEYS}
