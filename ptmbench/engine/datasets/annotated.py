"""Pictures with boxes or with masks: what detection and segmentation learn from.

Pictures are one tensor where all have one size and lie in memory, else files. A picture's pixels are taken as they are
stored: a rotation noted in its metadata is left alone, since boxes and masks are drawn on the stored pixels.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ptmbench.errors import UsageError
from ptmbench.files.mask_pixels import indices_of
from ptmbench.files.masks import IGNORED, PLAIN_MASKS, MaskForm
from ptmbench.files.pictures import PLAIN, Tones, rgb
from ptmbench.files.splits import Part
from ptmbench.reading import opened
from ptmbench.statistics.average_precision import Boxes

Size = tuple[int, int]  # height and width in pixels


@dataclass(frozen=True, eq=False, slots=True)
class Pictures:
    """Pictures [n] with the size of each: a tensor [n, 3, h, w] (uint8) or files with the sha256 of their bytes.

    `tones` say how files become 8-bit RGB.
    """

    stored: Tensor | tuple[Path, ...]
    sizes: tuple[Size, ...]
    digests: tuple[bytes, ...] = ()
    tones: Tones = PLAIN

    def __len__(self) -> int:
        return len(self.sizes)

    def content(self) -> Iterator[bytes]:
        """Pixels or digests, for a digest."""
        if isinstance(self.stored, Tensor):
            yield self.stored.numpy().tobytes()
        else:
            yield self.tones.content()
            yield from self.digests

    def contents(self) -> Sequence[bytes]:
        """What tells pictures apart: a digest of the pixels or of the file of each."""
        if isinstance(self.stored, Tensor):
            return [hashlib.sha256(picture.tobytes()).digest() for picture in self.stored.numpy()]
        return self.digests

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """One picture as RGB [h, w, 3]."""
        if isinstance(self.stored, Tensor):
            return np.asarray(self.stored[index].permute(1, 2, 0).numpy())
        return rgb(self.stored[index], self.tones)


@dataclass(frozen=True, eq=False, slots=True)
class BoxedImages:
    """Pictures with boxes [k, 4] each ([left, top, right, bottom] in their own pixels), labels and flags [k].

    `ignored` boxes (crowds, objects too hard) are not learned from and neither sought nor held against a model.
    `counting` leaves them out. `labels` and `lengths` count boxes, one picture after the other.
    """

    ids: tuple[str, ...]
    pictures: Pictures
    boxes: tuple[NDArray[np.float32], ...]
    box_labels: tuple[NDArray[np.int64], ...]
    ignored: tuple[NDArray[np.bool_], ...]
    classes: tuple[str, ...]
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def counting(self) -> list[list[int]]:
        """The classes of the boxes that count, of each picture [n]."""
        return [labels[~out].tolist() for labels, out in zip(self.box_labels, self.ignored, strict=True)]

    @property
    def labels(self) -> Tensor:
        """The labels of all boxes, picture after picture."""
        return torch.from_numpy(np.concatenate([np.empty(0, dtype=np.int64), *self.box_labels]))

    @property
    def lengths(self) -> Tensor:
        """How many boxes each picture has [n]."""
        return torch.tensor([len(labels) for labels in self.box_labels])

    def content(self) -> Iterator[bytes]:
        """Pictures, boxes, labels and flags, for a digest."""
        yield from self.pictures.content()
        for rows in zip(self.boxes, self.box_labels, self.ignored, strict=True):
            yield from (row.tobytes() + b"|" for row in rows)

    def contents(self) -> Sequence[bytes]:
        """What tells pictures apart."""
        return self.pictures.contents()

    def truth(self, indices: NDArray[np.int64]) -> Boxes:
        """The true boxes of these pictures, numbered from 0 in this order."""
        counts = [len(self.boxes[index]) for index in indices]
        return Boxes(
            pictures=len(indices),
            picture=np.repeat(np.arange(len(indices)), counts),
            box=np.concatenate([np.empty((0, 4)), *(self.boxes[index] for index in indices)]).astype(np.float64),
            label=np.concatenate([np.empty(0, dtype=np.int64), *(self.box_labels[index] for index in indices)]),
            score=np.ones(sum(counts)),
            ignored=np.concatenate([np.empty(0, dtype=bool), *(self.ignored[index] for index in indices)]),
        )


@dataclass(frozen=True, eq=False, slots=True)
class MaskedImages:
    """Pictures with a mask each: the class of every pixel, `IGNORED` where none counts.

    Masks are one array [n, h, w] (uint8) or files, whose `form` says which class a grey value is and `shown` which
    classes each of them shows.
    `labels` hold one 0 a picture: shots are counted in pictures.
    """

    ids: tuple[str, ...]
    pictures: Pictures
    masks: NDArray[np.uint8] | tuple[Path, ...]
    classes: tuple[str, ...]
    mask_digests: tuple[bytes, ...] = ()
    shown: tuple[frozenset[int], ...] = ()
    parts: tuple[Part, ...] | None = None
    left_out: tuple[str, ...] = ()
    form: MaskForm = PLAIN_MASKS
    notes: tuple[str, ...] = ()

    @property
    def counting(self) -> list[list[int]]:
        """The classes of the pixels that count, of each mask [n]."""
        if isinstance(self.masks, tuple):
            return [sorted(shown) for shown in self.shown]
        return [[index for index in np.unique(mask).tolist() if index != IGNORED] for mask in self.masks]

    @property
    def labels(self) -> Tensor:
        """A 0 for each picture."""
        return torch.zeros(len(self.ids), dtype=torch.long)

    @property
    def lengths(self) -> Tensor:
        """How many labels each picture has [n]: one."""
        return torch.ones(len(self.ids), dtype=torch.long)

    def content(self) -> Iterator[bytes]:
        """Pictures and masks, for a digest; the same files are another truth in another form."""
        yield from self.pictures.content()
        yield self.form.content()
        if isinstance(self.masks, tuple):
            yield from self.mask_digests
        else:
            yield self.masks.tobytes()

    def contents(self) -> Sequence[bytes]:
        """What tells pictures apart."""
        return self.pictures.contents()

    def mask(self, index: int) -> NDArray[np.uint8]:
        """The mask of a picture [h, w]."""
        if not isinstance(self.masks, tuple):
            return np.asarray(self.masks[index])
        with opened(self.masks[index]) as stream, Image.open(stream) as picture:
            indices = indices_of(picture)
            if indices is None:
                raise UsageError(f"{self.masks[index]} has become a coloured picture since it was read: restore it")
            return self.form.classes_of(indices)
