"""Cards of the embedded checkpoints: what each was trained on, how, with what result, and how to repeat it.

A card is a JSON file beside its weights in `ptmbench/zoo/`.
"""

import functools
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ptmbench.errors import WeightsError
from ptmbench.record import Machine, Scalar, Sha256
from ptmbench.spec import PretrainingSpec

ZOO = Path(__file__).parent / "zoo"
LICENCE = "MIT"


class Card(BaseModel):
    """One embedded checkpoint; `held_out_accuracy` is top-1 on images of its own source that it never saw."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    architecture: str
    objective: str
    source: str
    source_classes: int
    source_images: int
    recipe: dict[str, Scalar]
    seed: int
    threads: int
    parameters: int
    size_bytes: int
    sha256: Sha256
    held_out_accuracy: float
    held_out_images: int
    pretrain_time_s: float
    packages: dict[str, str]
    machine: Machine
    licence: str
    reproduce: str
    limits: str


LIMITS = (
    "Trained on generated images of 32x32 pixels only; it has seen no photograph, no handwriting and no letter. "
    "Fit for comparing ways of carrying a model over, not for use on its own."
)


def recipe_fields(spec: PretrainingSpec) -> dict[str, Scalar]:
    """The recipe as a card states it."""
    return dict(asdict(spec.recipe))


def weights_path(name: str, folder: Path | None = None) -> Path:
    """Where the weights of an embedded checkpoint lie."""
    return (folder or ZOO) / f"{name}.safetensors"


def card_path(name: str, folder: Path | None = None) -> Path:
    """Where the card of an embedded checkpoint lies."""
    return (folder or ZOO) / f"{name}.json"


@functools.lru_cache
def _parse(path: Path, stamp: int) -> Card:
    try:
        return Card.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise WeightsError(f"the card {path.name} cannot be read: {error.errors()[0]['msg']}") from None


def load_card(name: str, folder: Path | None = None) -> Card:
    """The card of an embedded checkpoint; `WeightsError` if there is none."""
    path = card_path(name, folder)
    if not path.exists():
        raise WeightsError(
            f"the embedded checkpoint {name} has no card at {path}: make it with `ptmbench pretrain {name}`, "
            "or install ptmbench again"
        )
    return _parse(path, path.stat().st_mtime_ns)
