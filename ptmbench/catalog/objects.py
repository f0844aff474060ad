"""Objects of a Python program as models and tasks: described here, held while a run lasts, built in the engine.

Their references, `object:NAME`, mean something inside the run alone: an object is held under its name while the run
goes on, and nothing outlives it.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from ptmbench.catalog.model_references import control_of
from ptmbench.catalog.references import Reference
from ptmbench.catalog.spec import ModelSpec, TaskSpec
from ptmbench.catalog.traits import TaskKind
from ptmbench.errors import UsageError
from ptmbench.files.arrays import LabelledArrays

SCHEME: Final = "object"
IMAGENET_MEAN: Final = (0.485, 0.456, 0.406)
IMAGENET_STD: Final = (0.229, 0.224, 0.225)
Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class PictureForm:
    """What a network wants done to pictures; `ptmbench.pictures` makes it."""

    size: int
    mean: Triple = IMAGENET_MEAN
    std: Triple = IMAGENET_STD
    interpolation: str = "bilinear"
    resize: int | None = None

    def options(self) -> tuple[tuple[str, str], ...]:
        """What a reference says of it: the size, and whatever is not as usual."""
        usual = PictureForm(self.size)
        unusual = [
            name for name in ("mean", "std", "interpolation", "resize") if getattr(self, name) != getattr(usual, name)
        ]
        return (("size", str(self.size)), *((name, _text(getattr(self, name))) for name in unusual))


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@dataclass(frozen=True, eq=False, slots=True)
class ModelObject:
    """A `torch.nn.Module` as a model; `ptmbench.model` makes it.

    `architecture` builds the same network with fresh weights, `classifier` says that its head is to be taken off.
    """

    spec: ModelSpec
    module: Any
    pictures: PictureForm
    architecture: Callable[[], Any] | None
    classifier: bool

    @property
    def specs(self) -> tuple[ModelSpec, ...]:
        """The model, and its control at random initialisation where fresh weights can be had."""
        paired = self.spec.pretrained and self.architecture is not None
        return (self.spec, control_of(self.spec)) if paired else (self.spec,)


@dataclass(frozen=True, eq=False, slots=True)
class DataObject:
    """Labelled pictures or texts in memory as a task; `ptmbench.data` makes it."""

    spec: TaskSpec
    content: LabelledArrays


@dataclass(frozen=True, slots=True)
class Held:
    """The objects of one run by name; `kept` is for what is worth computing once in it."""

    models: dict[str, ModelObject] = field(default_factory=dict)
    data: dict[str, DataObject] = field(default_factory=dict)
    kept: dict[str, str] = field(default_factory=dict)


Object = TypeVar("Object", ModelObject, DataObject)
_HELD: ContextVar[Held] = ContextVar("held")


@contextmanager
def holding(models: Iterable[ModelObject], data: Iterable[DataObject]) -> Iterator[None]:
    """Holds objects inside the block; raises `UsageError` where two different ones have one name."""
    held = Held()
    twice = [
        f"several models are called {model.spec.name}"
        for model in models
        if held.models.setdefault(model.spec.name, model) is not model
    ] + [
        f"several data sets are called {name_of(entry)}"
        for entry in data
        if held.data.setdefault(name_of(entry), entry).content.sha256 != entry.content.sha256
    ]
    if twice:
        raise UsageError(f"{'; '.join(dict.fromkeys(twice))}: give each a name of its own, name=NAME")
    token = _HELD.set(held)
    try:
        yield
    finally:
        _HELD.reset(token)


def name_of(entry: DataObject) -> str:
    """The name that data is held under, whatever the amounts of it that are seen."""
    return entry.spec.dataset.partition(":")[2].partition("?")[0]


def held() -> Held:
    """What the run that goes on holds."""
    return _HELD.get(Held())


def held_model(reference: Reference) -> ModelObject:
    """The model of a reference; raises `UsageError` outside of the run that holds it."""
    return _known(reference, held().models)


def held_data(reference: Reference) -> DataObject:
    """The data of a reference; raises `UsageError` outside of the run that holds it."""
    return _known(reference, held().data)


def _known(reference: Reference, objects: dict[str, Object]) -> Object:
    if reference.name not in objects:
        raise UsageError(f"{reference} was an object of a Python program: give the object itself to ptmbench.run again")
    return objects[reference.name]


def kind_of(reference: Reference) -> TaskKind:
    """The kind of task that held data makes."""
    return held_data(reference).spec.kind
