"""Cards of the embedded checkpoints: what each was trained on, how, with what result, and how to repeat it.

A card is a JSON file beside its weights in `ptmbench/zoo/`: `NAME.safetensors`, or for text a folder `NAME/` in
Hugging Face's format.
"""

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from ptmbench.catalog.spec import PretrainingSpec
from ptmbench.errors import WeightsError
from ptmbench.reading import content_of
from ptmbench.records.record import Machine
from ptmbench.records.record_part import Scalar, Sha256

ZOO = Path(__file__).parents[1] / "zoo"
LICENCE = "MIT"


class Card(BaseModel):
    """One embedded checkpoint; `held_out` are figures on examples of its own source that it never saw.

    `source_fingerprints` holds the sha256 of each text that varies with versions and went into weights or vocabulary.
    `samples` names a picture of what a generative model draws, and `samples_show` says what is to be seen. `overlap`
    says what the source shares with tasks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    architecture: str
    objective: str
    source: str
    source_examples: int
    source_fingerprints: dict[str, Sha256]
    recipe: dict[str, Scalar]
    seed: int
    threads: int
    parameters: int
    size_bytes: int
    sha256: Sha256
    held_out: dict[str, float]
    held_out_examples: int
    pretrain_time_s: float
    samples: str | None
    samples_show: str | None
    packages: dict[str, str]
    machine: Machine
    licence: str
    reproduce: str
    overlap: str
    limits: str


NO_OVERLAP = "none: no task shares an image or a class with the source"
TEXT_OVERLAP = {
    "invented": (
        "The source holds words and entity names of the sentiment and ner tasks, unlabelled, test words included; no "
        "sentence and no sentence template of theirs. Recipe, vocabulary and the difficulty of both tasks were settled "
        "with their scores in view."
    ),
    "manuals": "none: no sentence of a task stands in the source",
}
TEXT_LIMITS = (
    "Trained on short lower-case sentences only, with a vocabulary of 2,000 pieces. "
    "Fit for comparing ways of transferring a model, not for use on its own."
)
LIMITS = (
    "Trained on generated images of 32x32 pixels only; it has seen no photograph, no handwriting and no letter. "
    "Fit for comparing ways of transferring a model, not for use on its own."
)


def recipe_fields(spec: PretrainingSpec) -> dict[str, Scalar]:
    """The recipe as a card states it."""
    return {name: value for name, value in asdict(spec.recipe).items() if value is not None}


def weights_path(name: str, folder: Path | None = None) -> Path:
    """Where the weights of an embedded checkpoint lie: a file, or a folder in Hugging Face's format."""
    place = (folder or ZOO) / name
    return place if place.is_dir() else place.with_name(f"{name}.safetensors")


def weights_files(name: str, folder: Path | None = None) -> list[tuple[Path, bytes]]:
    """The files of an embedded checkpoint by name, with their contents; raises `OSError`."""
    place = weights_path(name, folder)
    paths = sorted(place.iterdir()) if place.is_dir() else [place]
    return [(path, content_of(path)) for path in paths]


def sha256_of(contents: Sequence[bytes]) -> str:
    """The sha256 of a single file; of several, that of their sha256 (hexadecimal) one after the other."""
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def card_path(name: str, folder: Path | None = None) -> Path:
    """Where the card of an embedded checkpoint lies."""
    return (folder or ZOO) / f"{name}.json"


@functools.lru_cache
def _parse(path: Path, stamp: int) -> Card:
    try:
        return Card.model_validate_json(content_of(path))
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
