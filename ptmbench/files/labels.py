"""Labels of examples: which values are classes, which say that there is none, and which make no classification.

Every scheme with a label an example goes through here. Whatever a column holds, each distinct value is a class; a
number is an index only where the column declares names. What stands for "no label" in some sets ("-1", "none") is a
class where training examples carry it.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ptmbench.errors import UsageError, in_short, listed
from ptmbench.files.splits import Part

MISSING: Final = ("-1", "nan", "none", "null")  # labels that a part published without labels carries
HIDDEN: Final = -1  # the index of a secret label in a column with names
NO_LABEL: Final = "no label"
FEW_NUMBERS: Final = 20  # different numbers that are taken for classes whatever they are
FEW_FRACTIONS: Final = 10  # the same where some are no whole numbers: half stars are classes, similarities are not
EXAMPLES_A_NUMBER: Final = 20  # of a column of indices; a column of quantities repeats hardly any
LONG_NAME: Final = 3  # letters from which case tells no labels apart
JOINED: Final = (";", "|", ",")  # signs between the labels of one cell; their parts may be known from other cells
LOOSELY_JOINED: Final = ("+", "/", "&", " ")  # these stand inside of names too: each part must be a label of its own

_ENTITY = re.compile(r"[BIESLUM]-\S+")  # a tag of a word, whatever the scheme
_WHOLE_AS_FRACTION = re.compile(r"(-?\d+)\.0+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """One example: its id, the place that messages name, its label and what is wrong with it.

    `texts` are what is read: one, or two where a pair is judged; of a picture the path of its file.
    """

    part: Part | None
    id: str
    where: str
    texts: tuple[str, ...]
    label: str
    fault: str = ""

    @property
    def trains(self) -> bool:
        """Whether a training example may come of it."""
        return self.part in {None, "train"}


def label_of(value: Any, names: Sequence[str] = ()) -> tuple[str, str]:
    """What a label is called, and what is wrong with it; 1 and 1.0 are one label, 1 and true are two.

    Args:
        value: What the column holds: text, a number, a boolean, or what is none of these.
        names: The names that the column declares for its integers.

    Returns:
        The name (empty where there is none) and the fault (empty where there is none).
    """
    if value is None or value != value or (names and value == HIDDEN):  # noqa: PLR0124  NaN, of whatever kind
        return "", NO_LABEL
    if isinstance(value, list | tuple | dict):
        return "", f"expected one label, got {in_short(value)}: several labels an example are not read"
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            return "", f"expected a label in UTF-8, got the bytes {in_short(value)}"
    if isinstance(value, str):
        return (value.strip(), "") if value.strip() else ("", NO_LABEL)
    if names:
        known = isinstance(value, int) and 0 <= value < len(names)
        return (names[value], "") if known else ("", f"{value!r} is none of the set's {len(names)} labels")
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value), ""


def without_missing(rows: Sequence[Labelled], declared: Collection[str] = ()) -> list[Labelled]:
    """The rows, a fault in each whose label says that there is none: such a word is a class where training has it."""
    carried = {row.label for row in rows if row.trains and not row.fault}
    numbers = all(number_of(name) is not None for name in carried if name.lower() not in MISSING)
    classes = {*declared, *(name for name in carried if not (numbers and name.lower() == "nan"))}
    return [
        replace(row, fault=f"{NO_LABEL} (got {row.label!r})")
        if not row.fault and row.label.lower() in MISSING and row.label not in classes
        else row
        for row in rows
    ]


def kept_rows(rows: Sequence[Labelled], where: str) -> list[Labelled]:
    """The rows without a fault; raises `UsageError` where a class would be left without an example by that."""
    kept = [row for row in rows if not row.fault]
    named = [row for row in rows if row.label and not row.fault.startswith(NO_LABEL)]
    lost = {row.label for row in named} - {row.label for row in kept}
    lost |= {row.label for row in named if row.trains} - {row.label for row in kept if row.trains}
    if lost:
        raise UsageError(
            f"{where}: without the faulty examples these classes have none left to learn from: {listed(sorted(lost))}; "
            "mend them, or take the class out"
        )
    return kept


def classes_of(rows: Sequence[Labelled], where: str, declared: Sequence[str] = ()) -> tuple[str, ...]:
    """The classes in their order: those declared, then numbers by size, or words by the alphabet.

    Args:
        rows: Examples without faults.
        where: What messages call the data.
        declared: The names of classes that the data itself lists.

    Returns:
        The classes.

    Raises:
        UsageError: Where the labels make no classification: one class, several labels in a cell, quantities, or a
            class that the test part has and training never shows.
    """
    free = Counter(row.label for row in rows if row.label not in declared)
    found = (*declared, *_ordered(free))
    if len({row.label for row in rows} | set(declared)) < 2:
        raise UsageError(f"{where}: expected two labels or more, got {listed(found) or 'none'}")
    if alike := spelled_alike(found):
        raise UsageError(
            f"{where}: labels that seem to be one in several spellings: {alike}: expected one spelling of each "
            "label; a model would be asked to tell them apart"
        )
    if not declared:
        _refuse_tags(free, where)
        _refuse_several(free, where)
        _refuse_quantities(free, where)
    _refuse_unseen(rows, found, where, declared)
    return found


def spelled_alike(names: Iterable[str]) -> str:
    """Names that are one in several spellings: case, spaces or composed letters apart; empty where there are none.

    Case counts where names are short: a and A may be two letters, Co and CO two substances.
    """
    spellings: dict[str, list[str]] = {}
    for name in names:
        key = " ".join(unicodedata.normalize("NFKC", name).split())
        spellings.setdefault(key if len(key) < LONG_NAME else key.casefold(), []).append(name)
    return listed([" and ".join(map(ascii, found)) for found in spellings.values() if len(found) > 1])


def named_alike(rows: Iterable[Labelled]) -> list[Labelled]:
    """The rows, 1.0 called 1 where all labels are numbers: one part may write them so and the other not."""
    rows = list(rows)
    if any(number_of(row.label) is None for row in rows if row.label):
        return rows
    return [replace(row, label=_WHOLE_AS_FRACTION.sub(r"\1", row.label)) for row in rows]


def number_of(name: str) -> float | None:
    """The number that a label writes; None where it writes none."""
    try:
        value = float(name)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _ordered(names: Iterable[str]) -> list[str]:
    numbers = {name: number_of(name) for name in names}
    if any(value is None for value in numbers.values()):
        return sorted(numbers)
    return sorted(numbers, key=lambda name: (numbers[name] or 0.0, name))


def _refuse_tags(names: Collection[str], where: str) -> None:
    """Raises `UsageError` where labels are tags of words: a word a row is no text, and sentences are torn apart."""
    entities = [name for name in names if _ENTITY.fullmatch(name)]
    if "O" in names and len(entities) == len(names) - 1:
        raise UsageError(
            f"{where}: the labels are tags of words, such as {entities[0]}: expected a label a text; write a word and "
            "its tag a line, with a blank line between sentences, and give conll:FILE"
        )


def _refuse_several(counts: Counter[str], where: str) -> None:
    """Raises `UsageError` where cells hold several labels: "a;b" would be a class of its own."""
    lists = [name for name in counts if name.startswith("[") and name.endswith("]")]
    for sign in (*JOINED, *LOOSELY_JOINED):
        joined = {name: parts for name in counts if len(parts := _divided(name, sign)) > 1}
        single = counts.keys() - joined.keys()
        uses = Counter(part for parts in joined.values() for part in set(parts))
        known = single | ({part for part, count in uses.items() if count > 1} if sign in JOINED else set())
        lists += [name for name, parts in joined.items() if known.issuperset(parts)]
    if lists:
        raise UsageError(
            f"{where}: {len(lists)} labels are several labels in one cell, such as {in_short(lists[0])}: an example "
            "has one label here (multi-label classification is not measured); take a column with one label, or one "
            "column a label, each as a task of its own"
        )


def _divided(name: str, sign: str) -> list[str]:
    return [part for piece in name.split(sign) if (part := piece.strip())]


def _refuse_quantities(counts: Counter[str], where: str) -> None:
    """Raises `UsageError` where labels are a quantity: prices, similarities, years."""
    numbers = [number_of(name) for name in counts]
    values = [value for value in numbers if value is not None]
    if len(values) < len(numbers) or not values:
        return
    fractions = any(not value.is_integer() for value in values)
    if len(values) <= (FEW_FRACTIONS if fractions else FEW_NUMBERS):
        return
    indices = not fractions and min(values) in {0, 1} and max(values) - min(values) == len(values) - 1
    if indices and counts.total() >= EXAMPLES_A_NUMBER * len(values):
        return
    raise UsageError(
        f"{where}: the label column holds {len(values)} different numbers, from {min(values):g} to {max(values):g}, in "
        f"{counts.total()} examples: that is a quantity and no class (regression is not measured); divide it into a "
        "few classes, or write classes as words"
    )


def _refuse_unseen(rows: Sequence[Labelled], classes: Sequence[str], where: str, declared: Collection[str]) -> None:
    """Raises `UsageError` for labels of the test part that the data does not declare and training never shows."""
    seen = {part: {row.label for row in rows if row.part == part} for part in ("train", "test")}
    unseen = [name for name in classes if name in seen["test"] - seen["train"] and name not in declared]
    if unseen:
        raise UsageError(
            f"{where}: labels of the test part that no training example has: {listed(unseen)}; in training there are "
            f"{listed([name for name in classes if name in seen['train']]) or 'none'}: expected one spelling of each "
            "label in all parts"
        )
