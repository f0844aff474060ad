"""torchvision's data sets, `torchvision:NAME?root=DIR`: read where they lie, fetched by `ptmbench fetch` alone."""

import contextlib
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import numpy as np
import torch
from torchvision import datasets

from ptmbench.catalog.places import data_home
from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets.base import LabelledImageFiles, LabelledImages
from ptmbench.errors import Unavailable, UnknownName, UsageError, WeightsError
from ptmbench.files.archives import unpack
from ptmbench.files.downloads import check_online
from ptmbench.files.pictures import in_threads
from ptmbench.files.splits import Part
from ptmbench.reading import content_of

Arguments = dict[str, Any]
TRAIN_TEST: Final[dict[Part, Arguments]] = {"train": {"train": True}, "test": {"train": False}}
THREE: Final[dict[Part, Arguments]] = {
    "train": {"split": "train"},
    "validation": {"split": "val"},
    "test": {"split": "test"},
}
TWO: Final[dict[Part, Arguments]] = {"train": {"split": "train"}, "test": {"split": "test"}}


@dataclass(frozen=True, slots=True)
class Form:
    """How a class of torchvision.datasets is asked for its parts, None: it has none, and what it keeps them in.

    `pictures` is an attribute with an array of pixels or a list of files, `labels` one with indices.
    """

    parts: dict[Part, Arguments] | None
    pictures: str
    labels: str


_FILES, _PAIRS = ("_image_files", "_labels"), ("samples", "targets")
VOC_SETS: Final = ("VOCDetection", "VOCSegmentation")
VOC_PARTS: Final = {"2007": ("trainval", "test")}  # of other years the labels of the test part are not public
LATEST_VOC: Final = "2012"
FORMS: Final[dict[str, Form]] = {
    "CIFAR10": Form(TRAIN_TEST, "data", "targets"),
    "CIFAR100": Form(TRAIN_TEST, "data", "targets"),
    "MNIST": Form(TRAIN_TEST, "data", "targets"),
    "FashionMNIST": Form(TRAIN_TEST, "data", "targets"),
    "KMNIST": Form(TRAIN_TEST, "data", "targets"),
    "SVHN": Form(TWO, "data", "labels"),
    "STL10": Form(TWO, "data", "labels"),
    "Flowers102": Form(THREE, *_FILES),
    "DTD": Form(THREE, *_FILES),
    "FGVCAircraft": Form(THREE, *_FILES),
    "Food101": Form(TWO, *_FILES),
    "OxfordIIITPet": Form({"train": {"split": "trainval"}, "test": {"split": "test"}}, "_images", "_labels"),
    "EuroSAT": Form(None, *_PAIRS),
}


def load(reference: Reference, *, skip_bad: bool) -> LabelledImages | LabelledImageFiles:
    """The parts of the set, with its class names; raises `Unavailable` where it is not on disk."""
    form, root = form_of(reference), root_of(reference)
    found = {
        part: _part(reference, root, arguments, download=False)
        for part, arguments in (form.parts or {"train": {}}).items()
    }
    parts = tuple(part for part, piece in found.items() for _ in getattr(piece, form.labels)) if form.parts else None
    labels = torch.cat([torch.as_tensor(np.asarray(getattr(piece, form.labels))).long() for piece in found.values()])
    pieces = [getattr(piece, form.pictures) for piece in found.values()]
    named = getattr(next(iter(found.values())), "classes", None) or sorted(set(labels.tolist()))
    classes = tuple(map(str, named))
    if isinstance(pieces[0], list):
        return _of_files(pieces, labels, classes, parts, root)
    images = torch.cat([_channels_first(torch.as_tensor(piece)) for piece in pieces])
    ids = tuple(f"{reference.name}/{index}" for index in range(len(images)))
    return LabelledImages(ids, images, labels, classes, parts)


def fetch(reference: Reference) -> Path:
    """Lets torchvision download, check (MD5) and unpack all parts; no archive member may lead out of its folder."""
    root, parts = root_of(reference), _fetched_parts(reference)
    check_online()
    root.mkdir(parents=True, exist_ok=True)
    with careful_archives():
        for arguments in parts:
            try:
                _part(reference, root, arguments, download=True)
            except (OSError, RuntimeError) as error:
                raise WeightsError(f"{reference} cannot be fetched: {str(error).splitlines()[0]}") from None
    return root


def _fetched_parts(reference: Reference) -> list[Arguments]:
    """What is asked of torchvision, part by part; its VOC sets hold training and validation in one archive."""
    if reference.name == "CocoDetection":
        raise UsageError(f"{reference}: torchvision does not fetch COCO: unpack its archives into {root_of(reference)}")
    if reference.name in VOC_SETS:
        year = reference.get("year", LATEST_VOC)
        return [{"year": year, "image_set": part} for part in VOC_PARTS.get(year, ("trainval",))]
    return list((form_of(reference).parts or {"train": {}}).values())


def form_of(reference: Reference) -> Form:
    """The form of a set; raises `UnknownName`."""
    if reference.name not in FORMS:
        raise UnknownName("torchvision data set", reference.name, FORMS)
    return FORMS[reference.name]


def root_of(reference: Reference) -> Path:
    """Where it lies: `root`, or the data folder (PTMBENCH_DATA)."""
    return Path(reference.get("root")).expanduser() if reference.get("root") else data_home()


@contextlib.contextmanager
def careful_archives() -> Iterator[None]:
    """Inside, torchvision unpacks through `ptmbench.files.archives`, which looks at every member first."""

    def extract(source: Path | str, folder: Path | str, _compression: str | None = None) -> None:
        unpack(Path(source), Path(folder))

    extractors: Any = datasets.utils._ARCHIVE_EXTRACTORS  # noqa: SLF001  the one place that all its sets go through
    with mock.patch.dict(extractors, {".tar": extract, ".zip": extract}):
        yield


def _part(reference: Reference, root: Path, arguments: Arguments, *, download: bool) -> Any:
    kind: Callable[..., Any] = getattr(datasets, reference.name)
    try:
        return kind(root=root, download=download, **arguments)
    except (RuntimeError, FileNotFoundError) as error:
        if download:
            raise
        raise Unavailable(
            f"{reference} is not in {root} ({str(error).splitlines()[0]}): ptmbench fetch --task '{reference}'"
        ) from None


def _channels_first(images: torch.Tensor) -> torch.Tensor:
    """Pictures [n, h, w], [n, h, w, 3] or [n, 3, h, w] (uint8) as [n, 3, h, w]."""
    if images.dim() == 3:
        return images[:, None].expand(-1, 3, -1, -1)
    return images if images.shape[1] == 3 else images.permute(0, 3, 1, 2).contiguous()


def _of_files(
    pieces: list[list[Any]], labels: torch.Tensor, classes: tuple[str, ...], parts: tuple[Part, ...] | None, root: Path
) -> LabelledImageFiles:
    entries = [entry for piece in pieces for entry in piece]
    files = [Path(entry[0] if isinstance(entry, tuple) else entry) for entry in entries]
    digests = tuple(in_threads(lambda file: hashlib.sha256(content_of(file)).digest(), files))
    ids = tuple(file.relative_to(root).as_posix() if file.is_relative_to(root) else file.name for file in files)
    return LabelledImageFiles(ids, tuple(files), digests, labels, classes, parts)
