"""Columns that are measured where they are asked for: `--columns scores`."""

import importlib.util
from collections.abc import Iterable
from typing import Final

from ptmbench.errors import UnknownName, UsageError

COLUMNS: Final = {  # by the field of the record that holds it
    "adversarial": "how many answers stay right when test pictures are attacked, by APGD-CE and Square",
    "attribution": "whether attributions (Captum) tell more than maps that know the input and no network",
    "forgetting": "what embedded models tell of their pre-training data, before and after training",
    "privacy": "whether answers tell which examples were learned from: the attack LiRA with 63 shadow models",
    "representation": "effective rank of the features, alignment to random and to trained ones, probes by stage",
    "scores": "scores of transferability of the model's frozen features, on 300 training examples at most",
}
COLUMNS_HELP: Final = f"measure these besides, several by commas: {', '.join(COLUMNS)}"
EXTRAS: Final = {"attribution": "captum"}  # the library that a column needs, which is the name of its extra, too
NOT_ASKED: Final = "not asked for: --columns {name}"


def checked_columns(given: Iterable[str]) -> tuple[str, ...]:
    """The columns that were typed, several by commas in one word too.

    Raises `UnknownName` with near names, and `UsageError` where the library of a column is not installed: what was
    asked for would be missing from every record.
    """
    names = [name.strip() for word in given for name in word.split(",")]
    for name in names:
        if name not in COLUMNS:
            raise UnknownName("column", name, COLUMNS)
    lacking = sorted({EXTRAS[name] for name in names if name in EXTRAS and not _installed(EXTRAS[name])})
    if lacking:
        raise UsageError(
            "; ".join(f"{library} is not installed: pip install 'ptmbench[{library}]'" for library in lacking)
        )
    return tuple(sorted(set(names)))


def _installed(library: str) -> bool:
    """Whether a library could be imported, without importing it."""
    try:
        return importlib.util.find_spec(library) is not None
    except ValueError:  # it was put away: `sys.modules` holds None
        return False
