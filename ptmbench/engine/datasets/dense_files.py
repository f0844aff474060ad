"""Boxes and masks from files as samples: Pascal VOC and COCO folders, index masks, torchvision's sets of that kind."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.annotated import BoxedImages, MaskedImages, Pictures
from ptmbench.engine.datasets.torchvision_sets import LATEST_VOC, root_of
from ptmbench.errors import Unavailable, UsageError
from ptmbench.files.boxes import BoxSet, joined
from ptmbench.files.coco import read_coco
from ptmbench.files.labels import spelled_alike
from ptmbench.files.masks import PLAIN_MASKS, MaskForm, MaskSet, read_masks, read_voc_masks
from ptmbench.files.voc import read_voc

VOC_CLASSES: Final = (  # in the order of the indices of its masks
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)


def voc(reference: Reference, *, skip_bad: bool) -> BoxedImages:
    """`voc:DIR`; `first=0` or `first=1` says whether its pixels are counted from 0 or from 1."""
    first = reference.integer("first", least=0)
    if first not in {None, 0, 1}:
        raise UsageError(f"{reference}: first={first}: expected 0 or 1, the number of the first pixel")
    return _boxed(read_voc(Path(reference.name).expanduser(), skip_bad=skip_bad, first=first))


def coco(reference: Reference, *, skip_bad: bool) -> BoxedImages:
    """`coco:ANNOTATIONS.json?images=DIR`, and `test=ANNOTATIONS.json&test_images=DIR` for a part of its own."""
    file = Path(reference.name).expanduser()
    images = Path(reference.get("images") or file.parent).expanduser()
    if not reference.get("test"):
        return _boxed(read_coco(file, images, skip_bad=skip_bad))
    test = Path(reference.get("test")).expanduser()
    test_images = Path(reference.get("test_images") or images).expanduser()
    return _boxed(
        joined(
            read_coco(file, images, skip_bad=skip_bad, part="train"),
            read_coco(test, test_images, skip_bad=skip_bad, part="test"),
        )
    )


def masks(reference: Reference, *, skip_bad: bool) -> MaskedImages:
    """`masks:DIR`; classes are called by `names=A,B,...` or numbered.

    `foreground=255` says which value is class 1, `ignore=11,12` which values count as no class, `mask_suffix=_mask`
    what the names of masks end in.
    """
    names, foreground = _names(reference), reference.integer("foreground")
    classes = reference.integer("classes") or len(names) or (None if foreground is None else 2)
    if names and len(names) != classes:
        raise UsageError(f"{reference}: classes={classes}, and names has {len(names)}")
    if foreground is not None and classes != 2:
        raise UsageError(f"{reference}: foreground={foreground} makes two classes, 0 and {foreground}, got {classes}")
    form = MaskForm(classes, names, foreground, _ignored(reference), reference.get("mask_suffix"))
    found = read_masks(Path(reference.name).expanduser(), form, skip_bad=skip_bad)
    return _masked(found, form.called(found.classes), form)


def _names(reference: Reference) -> tuple[str, ...]:
    """The names of `names=`, each of another class."""
    names = tuple(name for typed in reference.get("names").split(",") if (name := typed.strip()))
    if alike := spelled_alike(names):
        raise UsageError(f"{reference}: names= calls several classes alike: {alike}; expected a name for each class")
    return names


def _ignored(reference: Reference) -> frozenset[int]:
    """The values of `ignore=`."""
    typed = [value.strip() for value in reference.get("ignore").split(",") if value.strip()]
    odd = [value for value in typed if not value.isascii() or not value.isdigit() or len(value) > 3 or int(value) > 255]
    if odd:
        raise UsageError(
            f"{reference}: ignore={','.join(odd)}: expected values of masks, 0 to 255, with commas between"
        )
    return frozenset(map(int, typed))


def voc_boxes(reference: Reference, *, skip_bad: bool) -> BoxedImages:
    """`torchvision:VOCDetection?year=YEAR`."""
    return _boxed(read_voc(_voc_folder(reference), skip_bad=skip_bad, published=True))


def voc_masks(reference: Reference, *, skip_bad: bool) -> MaskedImages:
    """`torchvision:VOCSegmentation?year=YEAR`."""
    return _masked(read_voc_masks(_voc_folder(reference), len(VOC_CLASSES), skip_bad=skip_bad), VOC_CLASSES)


def coco_boxes(reference: Reference, *, skip_bad: bool) -> BoxedImages:
    """`torchvision:CocoDetection?root=DIR&year=2017`: the folder as COCO is published; its val part is for test."""
    root, year = root_of(reference), reference.get("year", "2017")
    files = {part: root / "annotations" / f"instances_{part}{year}.json" for part in ("train", "val")}
    absent = [str(file) for file in files.values() if not file.exists()]
    if absent:
        raise Unavailable(
            f"{reference}: {' and '.join(absent)} not there; torchvision does not fetch COCO: unpack its archives into "
            f"{root}"
        )
    return _boxed(
        joined(
            read_coco(files["train"], root / f"train{year}", skip_bad=skip_bad, part="train", published=True),
            read_coco(files["val"], root / f"val{year}", skip_bad=skip_bad, part="test", published=True),
        )
    )


DENSE_SETS: Final[dict[str, Callable[..., BoxedImages | MaskedImages]]] = {
    "VOCDetection": voc_boxes,
    "VOCSegmentation": voc_masks,
    "CocoDetection": coco_boxes,
}


def _voc_folder(reference: Reference) -> Path:
    folder = root_of(reference) / "VOCdevkit" / f"VOC{reference.get('year', LATEST_VOC)}"
    if not folder.is_dir():
        raise Unavailable(f"{reference} is not in {folder.parent.parent}: ptmbench fetch --task '{reference}'")
    return folder


def _boxed(found: BoxSet) -> BoxedImages:
    place = {name: index for index, name in enumerate(found.classes)}
    parts = tuple(picture.part for picture in found.pictures if picture.part)
    ids = tuple(f"{picture.part}/{picture.id}" if parts else picture.id for picture in found.pictures)
    return BoxedImages(
        ids=ids,
        pictures=Pictures(
            tuple(picture.file for picture in found.pictures),
            tuple((picture.size[1], picture.size[0]) for picture in found.pictures),
            tuple(picture.digest for picture in found.pictures),
            found.tones,
        ),
        boxes=tuple(np.array(picture.boxes, dtype=np.float32).reshape(-1, 4) for picture in found.pictures),
        box_labels=tuple(np.array([place[n] for n in picture.names], dtype=np.int64) for picture in found.pictures),
        ignored=tuple(np.array(picture.ignored, dtype=bool) for picture in found.pictures),
        classes=found.classes,
        parts=parts or None,
        left_out=found.left_out,
        notes=(*found.notes, *found.tones.told()),
    )


def _masked(found: MaskSet, names: tuple[str, ...], form: MaskForm = PLAIN_MASKS) -> MaskedImages:
    return MaskedImages(
        ids=found.ids,
        pictures=Pictures(found.images, found.sizes, found.digests, found.tones),
        masks=found.masks,
        classes=names,
        mask_digests=found.mask_digests,
        shown=found.shown,
        parts=found.parts,
        left_out=found.left_out,
        form=form,
        notes=found.tones.told(),
    )
