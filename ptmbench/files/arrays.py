"""A program's own labelled pictures and texts, as arrays, lists or a data set of pairs: read whole, all faults at once.

Nothing of torch is imported: what has `detach` is taken for a tensor, what has `convert` for a picture of Pillow.
"""

import hashlib
import math
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptmbench.errors import UsageError, listed

CHANNELS = (1, 3)
SHAPES = "[n, h, w], [n, h, w, 3] or [n, 3, h, w]"


@dataclass(frozen=True, eq=False, slots=True)
class LabelledArrays:
    """Pictures [n, 3, h, w] (uint8) or texts [n], with labels [n] (indices of `classes`).

    `digests` are of each example's content alone; `test` says which examples are for test, None: nobody said.
    """

    pixels: NDArray[np.uint8] | None
    texts: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...]
    digests: tuple[str, ...]
    test: tuple[bool, ...] | None

    @property
    def sha256(self) -> str:
        """Over the content of all examples, their classes and which are for test."""
        named = [self.classes[label] for label in self.labels]
        return hashlib.sha256(repr((self.digests, named, self.test)).encode()).hexdigest()


@dataclass(frozen=True, eq=False, slots=True)
class _Part:
    """What one of the parts gave: pictures or texts, values of labels, and names that a data set gives to values."""

    pixels: NDArray[np.uint8] | None
    texts: list[str]
    values: list[Any]
    names: Sequence[str]


def read_arrays(
    images: Any = None, labels: Any = None, texts: Any = None, test: Any = None, faults: Sequence[str] = ()
) -> LabelledArrays:
    """Labelled pictures or texts with their test part, where one is given.

    Args:
        images: An array or tensor [n, h, w], [n, h, w, 3] or [n, 3, h, w] of uint8 or of floats in [0, 1]; a list of
            pictures of one size; or, without labels, a data set of (picture, label) pairs.
        labels: One value an example [n].
        texts: Texts [n] instead of pictures.
        test: (images, labels), (texts, labels) or a data set of pairs: the test part.
        faults: What is known to be wrong already, to be told with the rest.

    Returns:
        Everything in memory, classes in the order of their values.

    Raises:
        UsageError: With all faults.
    """
    if (images is None) == (texts is None):
        raise UsageError("expected images=... or texts=..., one of the two")
    faults = list(faults)
    parts = [_part("", images, labels, texts, faults)]
    if test is not None:
        pair = isinstance(test, tuple | list) and len(test) == 2
        first, second = test if pair else (test, None)
        if texts is None:
            parts.append(_part("test ", first, second, None, faults))
        else:
            parts.append(_part("test ", None, second, first, faults))
    faults += _faults_between(parts)
    if faults:
        raise UsageError(f"{len(faults)} fault{'s' * (len(faults) > 1)} in the data: {'; '.join(faults)}")
    return _joined(parts, has_test=test is not None)


def _part(which: str, images: Any, labels: Any, texts: Any, faults: list[str]) -> _Part:
    """One part; what is wrong with it is added to `faults`."""
    names: Sequence[str] = ()
    if labels is None:
        if texts is not None or not is_data_set(images):
            faults.append(f"{which}labels are missing: expected labels=[...], one an example")
            labels = []
        else:
            names = tuple(map(str, getattr(images, "classes", ())))
            images, labels = _pairs(which, images, faults)
    pixels = None if images is None else _pixels(which, images, faults)
    words = [] if texts is None else _texts(which, texts, faults)
    values = _values(which, labels, faults)
    count = len(words) if texts is not None else None if pixels is None else len(pixels)
    if count is not None and values and count != len(values):
        faults.append(f"{count} {which}{'texts' if texts is not None else 'images'} and {len(values)} labels")
    if count == 0:
        faults.append(f"no {which}examples")
    return _Part(pixels, words, values, names)


def is_data_set(found: Any) -> bool:
    """Whether something has examples by number and a length, and is no array and no list."""
    return all(hasattr(found, part) for part in ("__getitem__", "__len__")) and not (
        isinstance(found, str | list | tuple | dict) or hasattr(found, "shape")
    )


def _pairs(which: str, data_set: Any, faults: list[str]) -> tuple[list[Any], list[Any]]:
    """Pictures and labels of a data set."""
    pictures, labels = [], []
    for index in range(len(data_set)):
        pair = data_set[index]
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            faults.append(f"{which}example {index} is a {type(pair).__name__}: expected a pair (image, label)")
            break
        pictures.append(pair[0])
        labels.append(pair[1])
    return pictures, labels


def _array(found: Any) -> NDArray[Any]:
    """A tensor, a picture of Pillow or what NumPy takes, as an array."""
    if hasattr(found, "detach"):
        found = found.detach().cpu()
    if hasattr(found, "convert"):
        found = found.convert("RGB")
    return np.asarray(found)


def _pixels(which: str, images: Any, faults: list[str]) -> NDArray[np.uint8] | None:
    """Pictures [n, 3, h, w] (uint8); None where something is wrong with them."""
    if isinstance(images, list | tuple):
        single = [_array(picture) for picture in images]
        sizes = Counter(picture.shape for picture in single)
        if len(sizes) > 1:
            shown = ", ".join(f"{count} of {list(shape)}" for shape, count in sizes.most_common(3))
            faults.append(f"{which}images of different shapes ({shown}): bring all to one size")
            return None
        array = np.stack(single) if single else np.zeros((0, 1, 1), np.uint8)
    else:
        array = _array(images)
    axes, levels = _channels_first(which, array, faults), _levels(which, array, faults)
    if axes is None or levels is None:
        return None
    placed = levels.transpose(axes) if levels.ndim == 4 else levels[:, None]
    return np.ascontiguousarray(np.broadcast_to(placed, (len(placed), 3, *placed.shape[2:])))


def _channels_first(which: str, array: NDArray[Any], faults: list[str]) -> tuple[int, ...] | None:
    """In which order the axes of pictures give [n, channels, h, w]; None with a fault where that cannot be told."""
    if array.ndim == 3:
        return 0, 1, 2
    first, last = (array.ndim == 4 and array.shape[axis] in CHANNELS for axis in (1, 3))
    if first and last:
        faults.append(
            f"{which}images of shape {list(array.shape)} may have their channels first or last: transpose them"
        )
    elif first or last:
        return (0, 1, 2, 3) if first else (0, 3, 1, 2)
    else:
        faults.append(f"expected {which}images {SHAPES}, got shape {list(array.shape)}")
    return None


def _levels(which: str, array: NDArray[Any], faults: list[str]) -> NDArray[np.uint8] | None:
    """The same pictures in whole levels of 0 to 255."""
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f":
        faults.append(f"{which}images are {array.dtype}: expected uint8, or floats in [0, 1]")
        return None
    bad = array.size - int(np.isfinite(array).sum())
    if bad:
        faults.append(f"{bad} values of the {which}images are NaN or infinite")
        return None
    low, high = (float(array.min()), float(array.max())) if array.size else (0.0, 1.0)
    if low < 0 or high > 1:
        faults.append(
            f"{which}images are floats from {low:g} to {high:g}: expected [0, 1] (divide levels by 255, and leave "
            "normalising to the preprocessing of the model)"
        )
        return None
    levels: NDArray[np.uint8] = np.rint(array * 255).astype(np.uint8)
    return levels


def _texts(which: str, texts: Any, faults: list[str]) -> list[str]:
    found = list(texts)
    odd = [f"{which}text {index}" for index, text in enumerate(found) if not isinstance(text, str) or not text.strip()]
    if odd:
        faults.append(f"blank, or no text: {listed(odd)}")
        return [text if isinstance(text, str) else "" for text in found]
    return found


def _values(which: str, labels: Any, faults: list[str]) -> list[Any]:
    """The values of labels as Python has them; empty with a fault where they are not one value an example."""
    found = _array(labels).tolist() if hasattr(labels, "shape") else [_plain(value) for value in labels]
    gone = [
        index
        for index, value in enumerate(found)
        if value is None or (isinstance(value, float) and not math.isfinite(value))
    ]
    if any(isinstance(value, list | tuple | np.ndarray) for value in found):
        fault = "have several values an example: expected one, [n] (of one-hot rows take argmax)"
    elif gone:
        fault = f"are None, NaN or infinite of example {listed([*map(str, gone)])}"
    elif len({isinstance(value, str) for value in found}) > 1:
        fault = "are texts and numbers mixed: expected one of the two"
    else:
        return found
    faults.append(f"{which}labels {fault}")
    return []


def _plain(value: Any) -> Any:
    """One label: what is inside of a tensor or NumPy value of one element."""
    if not hasattr(value, "shape"):
        return value
    array = _array(value)
    return array.item() if array.size == 1 else array


def _faults_between(parts: Sequence[_Part]) -> list[str]:
    """What is wrong with all parts together: too few classes, classes that only the test part has, other sizes."""
    first, *rest = parts
    faults = []
    if first.values and len(set(first.values)) < 2:
        faults.append(f"every label is {first.values[0]!r}: expected at least two classes")
    for other in rest:
        if first.values and (unknown := set(other.values) - set(first.values)):
            faults.append(f"classes of the test part without a training example: {listed(sorted(map(str, unknown)))}")
        if first.pixels is not None and other.pixels is not None and first.pixels.shape[1:] != other.pixels.shape[1:]:
            shapes = [list(part.pixels.shape[2:]) for part in (first, other) if part.pixels is not None]
            faults.append(f"images of {shapes[0]} pixels and test images of {shapes[1]}: bring all to one size")
    return faults


def _joined(parts: Sequence[_Part], *, has_test: bool) -> LabelledArrays:
    values = [value for part in parts for value in part.values]
    order = sorted(set(values))
    names = parts[0].names
    named = names and all(isinstance(value, int) and 0 <= value < len(names) for value in order)
    place = {value: index for index, value in enumerate(order)}
    pictured = [part.pixels for part in parts if part.pixels is not None]
    pixels = np.concatenate(pictured) if pictured else None
    texts = tuple(text for part in parts for text in part.texts)
    digests = _digests(texts if pixels is None else pixels)
    sizes = [len(part.values) for part in parts]
    if has_test:
        _warn_of_copies(digests[: sizes[0]], digests[sizes[0] :])
    return LabelledArrays(
        pixels=pixels,
        texts=texts,
        labels=tuple(place[value] for value in values),
        classes=tuple(names[value] if named else str(value) for value in order),
        digests=digests,
        test=tuple(part > 0 for part, size in enumerate(sizes) for _ in range(size)) if has_test else None,
    )


def _digests(examples: NDArray[np.uint8] | tuple[str, ...]) -> tuple[str, ...]:
    """The sha256 of each example's content: pictures with their shape, texts as they stand."""
    if isinstance(examples, tuple):
        return tuple(hashlib.sha256(text.encode()).hexdigest() for text in examples)
    shape = repr(examples.shape[1:]).encode()
    return tuple(hashlib.sha256(shape + picture.tobytes()).hexdigest() for picture in examples)


def _warn_of_copies(train: Sequence[str], test: Sequence[str]) -> None:
    known = set(train)
    copies = sum(digest in known for digest in test)
    if copies:
        warnings.warn(
            f"{copies} of {len(test)} test examples stand among the training examples too: what is reached on them "
            "says nothing about new ones",
            stacklevel=5,  # who called ptmbench.data
        )
