"""What the installed package knows of the models of records, for the pages of reports."""

import functools
import re

from ptmbench.catalog.checkpoint_cards import ZOO, load_card
from ptmbench.catalog.spec import ships
from ptmbench.errors import WeightsError
from ptmbench.reading import content_of
from ptmbench.records.case_record import ModelRecord
from ptmbench.report.site.installed import Drawn, Installed
from ptmbench.report.site.pictures import Picture

EMBEDDED = re.compile(r"embedded:([A-Za-z0-9_]+\.[A-Za-z0-9_]+)")


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
    return Drawn(Picture(card.samples, content_of(ZOO / card.samples)), card.samples_show or "")


INSTALLED = Installed(ships, drawn_by)
