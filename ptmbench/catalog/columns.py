"""Columns that are measured where they are asked for: `--columns scores`."""

from collections.abc import Iterable
from typing import Final

from ptmbench.errors import UnknownName

COLUMNS: Final = {  # by the field of the record that holds it
    "adversarial": "how many answers stay right when test pictures are attacked, by APGD-CE and Square",
    "attribution": "whether attributions (Captum) tell more than maps that know the input and no network",
    "forgetting": "what embedded models tell of their pre-training data, before and after training",
    "privacy": "whether answers tell which examples were learned from: the attack LiRA with 63 shadow models",
    "representation": "effective rank of the features, alignment to random and to trained ones, probes by stage",
    "scores": "scores of transferability of the model's frozen features, on 300 training examples at most",
}
COLUMNS_HELP: Final = f"measure these besides, several by commas: {', '.join(COLUMNS)}"
NOT_ASKED: Final = "not asked for: --columns {name}"


def checked_columns(given: Iterable[str]) -> tuple[str, ...]:
    """The columns that were typed, several by commas in one word too; raises `UnknownName` with near names."""
    names = [name.strip() for word in given for name in word.split(",")]
    for name in names:
        if name not in COLUMNS:
            raise UnknownName("column", name, COLUMNS)
    return tuple(sorted(set(names)))
