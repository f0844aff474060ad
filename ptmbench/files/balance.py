"""How the examples of a task are spread over parts and classes: what cannot be learned, and what a figure hides."""

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from ptmbench.errors import UsageError, listed
from ptmbench.files.splits import Part, Split


@dataclass(frozen=True, slots=True)
class Balance:
    """What a reader of a figure has to know of its data.

    `largest` names the most frequent class of the test part and `majority` is its share of the labels there: what a
    constant answer reaches. Both are empty where a constant answer is no answer (entities, boxes, masks). `untrained`
    are classes without a training example, `duplicates` the test examples whose content is seen before testing too.
    `even`: no class is larger than an equal share, but for rounding.
    """

    largest: str
    majority: float | None
    untrained: tuple[str, ...]
    duplicates: int
    even: bool = False

    def fields(self) -> dict[str, float]:
        """As a record keeps it: shares and counts by name."""
        found: dict[str, float] = {} if self.majority is None else {"majority": self.majority}
        return found | {"untrained_classes": len(self.untrained), "duplicated_test_examples": self.duplicates}

    def told(self, tests: int) -> list[str]:
        """In words, for whoever checks the data."""
        lines = []
        if self.majority is not None and not self.even:
            lines.append(f"the largest class is {self.largest}, {100 * self.majority:.0f} % of the test part")
        if self.untrained:
            some = len(self.untrained)
            have = "class has" if some == 1 else "classes have"
            lines.append(f"{some} {have} no training example: {listed(self.untrained)}")
        if self.duplicates:
            lines.append(f"{self.duplicates:,} of {tests:,} test examples stand in training or validation too")
        return lines


UNKNOWN = Balance("", None, (), 0)


def checked_parts(split: Split, where: str) -> None:
    """Raises `UsageError` where a part has no example: nothing can be learned, chosen or judged then."""
    sizes: tuple[tuple[Part, int], ...] = (
        ("train", len(split.train)),
        ("validation", len(split.validation)),
        ("test", len(split.test)),
    )
    empty = [part for part, size in sizes if not size]
    if empty:
        held = ", ".join(f"{part} {size:,}" for part, size in sizes)
        raise UsageError(f"{where}: no example for {' and '.join(empty)} ({held}): more examples are needed")


def checked_classes(labels: Sequence[int], classes: Sequence[str], split: Split, where: str) -> None:
    """Raises `UsageError` where training has one class alone, of labels [n] (one an example)."""
    trained = sorted({labels[index] for index in split.train})
    if len(trained) < 2:
        only = listed([classes[label] for label in trained])
        raise UsageError(f"{where}: every training example is of the class {only}: expected two classes or more")


def checked_truth(
    counting: Sequence[Sequence[int]], classes: Sequence[str], split: Split, where: str, counts: str
) -> None:
    """Raises `UsageError` where no figure would mean a thing.

    That is so where nothing counts in the training or the test part, or nothing in the latter is of a class learned.

    Args:
        counting: The classes of what counts, of each example [n][k].
        classes: Their names.
        split: Who is in which part.
        where: The data, as it was named.
        counts: What would count, such as "box that is neither difficult nor a crowd".
    """
    parts = {"training": split.train, "test": split.test}
    if empty := [name for name, part in parts.items() if not any(counting[index] for index in part)]:
        held = " and ".join(f"the {len(parts[name]):,} {name} pictures" for name in empty)
        raise UsageError(f"{where}: expected at least one {counts} in each part, got none in {held}")
    learned, asked = ({label for index in part for label in counting[index]} for part in parts.values())
    if not learned & asked:
        names = [listed([classes[label] for label in sorted(labels)]) for labels in (learned, asked)]
        raise UsageError(
            f"{where}: no class of the test part is in training: training has {names[0]}, test {names[1]}; expected "
            "one spelling of each class in all parts"
        )


def balance_of(
    labels: Sequence[Sequence[int]], classes: Sequence[str], split: Split, contents: Sequence[Hashable], *, whole: bool
) -> Balance:
    """The balance of examples with any number of labels each.

    Args:
        labels: The labels of each example [n][k].
        classes: Their names.
        split: Who is in which part.
        contents: What tells examples apart, one an example: equal ones are duplicates.
        whole: Whether an answer is a label, so that a constant one is a baseline.

    Returns:
        The balance.
    """
    trained = {label for index in split.train for label in labels[index]}
    asked = Counter(label for index in split.test for label in labels[index])
    most = min(asked, key=lambda label: (-asked[label], label)) if asked and whole else None
    majority = None if most is None else asked[most] / asked.total()
    seen = {contents[index] for index in (*split.train, *split.validation)}
    return Balance(
        largest="" if most is None else classes[most],
        majority=majority,
        untrained=tuple(name for label, name in enumerate(classes) if label not in trained),
        duplicates=sum(contents[index] in seen for index in split.test),
        even=majority is not None and _is_even(majority, asked.total(), len(classes)),
    )


def _is_even(majority: float, examples: int, classes: int) -> bool:
    """Whether the largest share is that of equal classes, in percent, or as near as so many examples come to it."""
    nearest = math.ceil(examples / classes) / examples
    return majority <= nearest or round(100 * majority) <= round(100 / classes)
