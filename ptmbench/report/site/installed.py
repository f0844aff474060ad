"""What the generative checkpoints of the package draw, for the pages of their cases and cards."""

import base64
import functools
import re
from dataclasses import dataclass

from ptmbench.catalog.checkpoint_cards import ZOO, load_card
from ptmbench.errors import WeightsError
from ptmbench.records.record import ModelRecord
from ptmbench.report.site.pictures import Picture

EMBEDDED = re.compile(r"embedded:([A-Za-z0-9_]+\.[A-Za-z0-9_]+)")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that a model drew, and what is to be seen on it."""

    picture: Picture
    shows: str

    @property
    def inline(self) -> str:
        """The picture as an address that holds it, for pages that have no other file."""
        return f"data:image/png;base64,{base64.b64encode(self.picture.content or b'').decode()}"


def drawn_by(model: ModelRecord) -> Drawn | None:
    """What the model draws; None where it draws nothing, and where its record speaks of other weights than these."""
    found = EMBEDDED.fullmatch(model.reference)
    return _drawn(found[1], model.weights_sha256) if found else None


@functools.lru_cache
def _drawn(name: str, sha256: str | None) -> Drawn | None:
    try:
        card = load_card(name)
    except WeightsError:  # a checkpoint of another version of the package
        return None
    if card.sha256 != sha256 or card.samples is None:
        return None
    return Drawn(Picture(card.samples, (ZOO / card.samples).read_bytes()), card.samples_show or "")
