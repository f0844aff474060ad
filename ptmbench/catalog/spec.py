"""Specs: what is benchmarked, described and not built.

    Case = ModelSpec x TaskSpec x MethodSpec (x VariantSpec)

A spec is frozen, free to create and imports no framework; `ptmbench.engine` builds what it names. `Case.id` is the
pytest id, the target of `-k`, the file name of the case's record and its row in the tables.
"""

import re
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, Literal

from ptmbench.catalog.schemes import model_scheme, own_model_scheme
from ptmbench.catalog.traits import IMAGES, Answer, Family, Modality, Serves, StartsFrom, Suits, TaskKind, Trains

HUB_MARKER = "hub"  # pytest's name for cases of public weights or data
RANDOM_WEIGHTS = "weights=random"  # the option of a reference that asks for its architecture without weights

RANDOM_SUFFIX = ".random"  # how the catalog calls an architecture at random initialisation

SLUG = re.compile(r"[A-Za-z0-9_.]+")
APPLIES: Final = MappingProxyType({"digest": False})  # of fields that say where a spec applies, not what is computed

Precision = Literal["fp32", "bf16"]
Optimizer = Literal["adamw", "sgd"]
Schedule = Literal["constant", "cosine"]
Augmentation = Literal["none", "crop_and_flip"]
Objective = Literal["cross_entropy", "vae", "wgan_gp", "simclr", "masked_lm", "causal_lm"]


def checked_slug(name: str) -> str:
    """The name itself, if it can stand in a case id."""
    if not SLUG.fullmatch(name):
        raise ValueError(f"expected a name of letters, digits, '_' and '.', got {name!r}")
    return name


def ships(reference: str) -> bool:
    """Whether a model ships with the package, or is built over one that does."""
    provider, _, entry = reference.partition(":")
    scheme = own_model_scheme(provider)  # old records may name a scheme of an extension that is not installed any more
    return scheme is not None and (scheme.ships or (scheme.composed and ":" not in entry))


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model: weights together with the architecture that carries them.

    `entry` is the model's name at its provider. `architecture` joins a pre-trained model with its controls: the same
    architecture at random initialisation, and trained from scratch. `source` says what it was pre-trained on.
    `modalities` are what it takes in: one, or both for a model of images and text. `only` is the one kind of task that
    it is made for; None: every kind of its modalities that asks for what it `serves`.
    """

    name: str
    provider: str
    entry: str
    architecture: str
    family: Family
    objective: str
    source: str
    licence: str
    modalities: frozenset[Modality] = IMAGES
    serves: Serves = Serves.FEATURES
    only: TaskKind | None = field(default=None, metadata=APPLIES)

    def __post_init__(self) -> None:
        checked_slug(self.name)

    @property
    def reference(self) -> str:
        """The whole reference, `provider:entry`."""
        return f"{self.provider}:{self.entry}"

    @property
    def random(self) -> bool:
        """Whether it is an architecture at random initialisation."""
        entry, _, options = self.entry.partition("?")
        scheme = model_scheme(self.provider)
        built_on_random = scheme.composed and entry.endswith(RANDOM_SUFFIX)
        return scheme.random or built_on_random or RANDOM_WEIGHTS in options.split("&")

    @property
    def embedded(self) -> bool:
        """Whether it ships with the package, or is built over what does."""
        return ships(self.reference)

    @property
    def pretrained(self) -> bool:
        """Whether the weights were trained by anybody before the task."""
        return self.family is not Family.CONTROL


@dataclass(frozen=True, slots=True)
class TaskSpec:
    """A downstream task: a data set, and how many labelled examples the method may see (`None`: all).

    `shots` counts examples a class; where a sentence holds many labels (token classification), sentences in all.
    `dataset` is a catalog name or a whole reference. `classes` is the number of labels a head tells apart; None where
    only the data says it. `drawn_as` replaces a name that a user gave in whatever is drawn for the task.
    """

    name: str
    kind: TaskKind
    dataset: str
    shots: int | None
    classes: int | None
    drawn_as: str = ""

    def __post_init__(self) -> None:
        checked_slug(self.name)

    @property
    def draws(self) -> str:
        """What batches and dropout are drawn by: a user's name for a task changes no figure."""
        return self.drawn_as or self.name


@dataclass(frozen=True, slots=True)
class Recipe:
    """How weights are trained: optimiser, schedule, batch and steps, or passes over the training examples (`epochs`).

    `pace` multiplies the steps of every budget. `weight_decay` with SGD adds (weight_decay / 2) * ||theta||^2 to the
    loss; with AdamW it is decoupled from the gradient (Loshchilov & Hutter 2019) and shrinks the weights by
    learning_rate * weight_decay a step instead. `augmentation` changes pictures at each step they are trained on.
    """

    optimizer: Optimizer
    learning_rate: float
    weight_decay: float
    batch_size: int
    steps: int
    schedule: Schedule
    momentum: float
    label_smoothing: float
    epochs: int | None = None
    pace: int = 1
    augmentation: Augmentation = "none"


@dataclass(frozen=True, slots=True)
class MethodSpec:
    """How a model is transferred to a task: what trains, by which recipe, and where the method applies.

    `grid` holds the values of `tuned` from which labelled examples choose; every trained method tries equally many
    learning rates. `usual` is taken where no labels are left to choose by. `probed`: the head starts as a linear probe
    of the network as it came. `private`: what it gives is differentially private in the examples. `starts_from`,
    `gives` and `suits` say where the method applies, and change nothing of what it does there. Code asks these traits
    and never a method's name.
    """

    name: str
    trains: Trains
    tuned: str
    grid: tuple[float, ...]
    recipe: Recipe | None
    starts_from: StartsFrom = field(default=StartsFrom.ANY, metadata=APPLIES)
    gives: frozenset[Answer] = field(default=frozenset({Answer.LABELS}), metadata=APPLIES)
    suits: Suits = field(default=Suits.ANY, metadata=APPLIES)
    usual: float | None = None
    probed: bool = False
    private: bool = False

    @property
    def untuned(self) -> float:
        """The value where there is nothing to choose by: the usual one, or that in the middle of the grid."""
        return self.grid[len(self.grid) // 2] if self.usual is None else self.usual

    def __post_init__(self) -> None:
        checked_slug(self.name)
        if self.frozen != (self.recipe is None):
            raise ValueError(f"{self.name} trains {self.trains}: expected a recipe exactly where something trains")

    @property
    def frozen(self) -> bool:
        """Whether it computes features once and never changes the network."""
        return self.trains is Trains.NOTHING


@dataclass(frozen=True, slots=True)
class PretrainingSpec:
    """How this project trained one embedded checkpoint: `ptmbench pretrain NAME` repeats it.

    `examples` are the images or sentences that the source renders once, before the first step.
    """

    name: str
    architecture: str
    objective: Objective
    source: str
    examples: int
    recipe: Recipe
    seed: int = 0
    threads: int = 2


@dataclass(frozen=True, slots=True)
class VariantSpec:
    """How the transferred model is served: as it came, or changed before it computes features or after it was trained.

    `meaning` says it in words.
    """

    name: str
    meaning: str = field(metadata=APPLIES)

    def __post_init__(self) -> None:
        checked_slug(self.name)


FULL: Final = VariantSpec("full", "the model as it came and was trained")


@dataclass(frozen=True, slots=True)
class Case:
    """One model, transferred to one task by one method, and served as one variant."""

    model: ModelSpec
    task: TaskSpec
    method: MethodSpec
    variant: VariantSpec = FULL

    @property
    def id(self) -> str:
        """`model-task-method`, and `-variant` for any but the full one: slugs joined by hyphens, which no slug has."""
        parts = (self.model.name, self.task.name, self.method.name)
        return "-".join(parts if self.variant == FULL else (*parts, self.variant.name))

    @property
    def in_full(self) -> "Case":
        """The case of the full variant, which this one is compared with and trained as."""
        return replace(self, variant=FULL)
