"""Data sets by reference: a user's folders and files, and scikit-learn's digits, as samples."""

from pathlib import Path

import torch

from ptmbench.catalog.references import Reference
from ptmbench.engine.datasets import digits, torchvision_sets
from ptmbench.engine.datasets.base import COUNTED_IN_ALL, LabelledImageFiles, LabelledTokens, Samples
from ptmbench.engine.datasets.dense_files import DENSE_SETS
from ptmbench.engine.datasets.tagged import tokens_of
from ptmbench.errors import UnknownName, UsageError, listed
from ptmbench.files.conll import ConllForm, read_conll
from ptmbench.files.image_folders import read_image_folder
from ptmbench.files.splits import Part
from ptmbench.files.tables import part_files
from ptmbench.files.tags import Tagged, is_plain


def image_folder(reference: Reference, *, skip_bad: bool) -> LabelledImageFiles:
    """`imagefolder:DIR`."""
    found = read_image_folder(Path(reference.name).expanduser(), skip_bad=skip_bad)
    return LabelledImageFiles(
        ids=found.ids,
        files=found.files,
        digests=found.digests,
        labels=torch.tensor(found.labels),
        classes=found.classes,
        parts=found.parts,
        left_out=found.left_out,
        tones=found.tones,
    )


def conll(reference: Reference, *, skip_bad: bool) -> LabelledTokens:
    """`conll:DIR` with a file for each part, or one file; the classes are all tags that occur, "O" first.

    A faulty sentence is never left out: `?repair=true` reads an I-TYPE that continues nothing as B-TYPE, and stands in
    the record as a part of the reference. `?scheme=plain` takes each tag for a label of its word.
    """
    place = Path(reference.name).expanduser()
    if not place.exists():
        raise UsageError(f"{place} is not there: expected a folder with a train and a test file of tagged words")
    form = ConllForm(
        repair=reference.flag("repair"),
        plain=is_plain(reference.get("scheme", "entities")),
        word=reference.integer("word"),
        tag=reference.integer("tag"),
    )
    files: list[tuple[Part | None, Path]] = [*part_files(place).items()] if place.is_dir() else [(None, place)]
    sentences: list[Tagged] = []
    for part, path in files:
        found = read_conll(path, form)
        names = [f"{path.name}:{line}" for line in found.lines]
        for name, words, tags in zip(names, found.sentences, found.tags, strict=True):
            sentences.append(Tagged(part, name, name, words, tags))
    return tokens_of(sentences, str(reference), plain=form.plain, repair=form.repair)


def of_sklearn(reference: Reference, *, skip_bad: bool) -> Samples:
    """`sklearn:digits`."""
    known = {"digits": digits.load}
    if reference.name not in known:
        raise UnknownName("scikit-learn data set", reference.name, known)
    return known[reference.name]()


def of_torchvision(reference: Reference, *, skip_bad: bool) -> Samples:
    """`torchvision:NAME`."""
    load = DENSE_SETS.get(reference.name, torchvision_sets.load)
    return load(reference, skip_bad=skip_bad)


def check_shots(samples: Samples, train: tuple[int, ...], shots: int | None) -> None:
    """Raises `UsageError` that names every class with fewer training examples than shots.

    For sentences, and for pictures with boxes or masks, shots are counted in all.
    """
    if shots is None:
        return
    if isinstance(samples, COUNTED_IN_ALL):
        if len(train) < shots:
            raise UsageError(f"expected {shots} training examples, there are {len(train)}")
        return
    counts = torch.bincount(samples.labels[list(train)], minlength=len(samples.classes)).tolist()
    short = [f"{name} has {count}" for name, count in zip(samples.classes, counts, strict=True) if count < shots]
    if short:
        raise UsageError(f"expected {shots} training examples in each class; {len(short)} have fewer: {listed(short)}")
