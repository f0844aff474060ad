"""`ptmbench check`: whether a file of labelled text or a data reference can be read, and all that is wrong with it."""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from ptmbench.boxfiles import BoxSet, read_coco, read_voc
from ptmbench.data_references import known_options
from ptmbench.errors import UsageError
from ptmbench.maskfiles import read_masks
from ptmbench.references import Reference, check, parse
from ptmbench.textfiles import ConllFile, read_conll, read_labelled

TAGGED = "tagged"
TAGGED_SUFFIXES = {".conll", ".bio", ".iob", ".iob2"}


def check_data(arguments: argparse.Namespace) -> int:
    """Reads the data and says what is in it; a fault is a `UsageError` that lists all of them."""
    reference = parse(arguments.data)
    if reference.scheme and not Path(arguments.data).exists():
        if arguments.form or arguments.repair or arguments.output:
            raise UsageError("--form, --repair and -o are for a file of labelled text, not for a reference")
        known = {scheme: options for scheme, options in known_options().items() if scheme}
        check(reference, "data", known)
        return _check_reference(reference, skip_bad=arguments.skip_bad)
    if arguments.skip_bad:
        raise UsageError("--skip-bad goes with a reference, such as csv:FILE")
    return _check_file(Path(arguments.data), arguments)


def _check_file(path: Path, arguments: argparse.Namespace) -> int:
    form = arguments.form or (TAGGED if path.suffix.lower() in TAGGED_SUFFIXES else "labelled")
    if form != TAGGED:
        if arguments.repair or arguments.output:
            raise UsageError("--repair and -o are for tagged words (--form tagged): texts have no tags")
        found = read_labelled(path)
        print(f"{path}: {len(found.texts):,} texts, labels: {_counted(Counter(found.labels))}")
        return 0
    tagged = read_conll(path, repair=arguments.repair)
    kinds = Counter(tag[2:] for tags in tagged.tags for tag in tags if tag.startswith("B-"))
    words = sum(map(len, tagged.sentences))
    print(f"{path}: {len(tagged.sentences):,} sentences, {words:,} words, entities: {_counted(kinds) or 'none'}")
    if arguments.repair:
        print(f"{tagged.repairs:,} tags repaired")
    if arguments.output:
        _write(tagged, arguments.output)
    return 0


def _check_reference(reference: Reference, *, skip_bad: bool) -> int:
    print(f"{reference}: {_described(reference, skip_bad=skip_bad)}")
    return 0


def _described(reference: Reference, *, skip_bad: bool) -> str:
    """What a data set holds, in a line."""
    place = Path(reference.name).expanduser()
    if reference.scheme == "voc":
        return _boxes(read_voc(place, skip_bad=skip_bad))
    if reference.scheme == "coco":
        images = Path(reference.get("images") or place.parent).expanduser()
        return _boxes(read_coco(place, images, skip_bad=skip_bad))
    if reference.scheme == "masks":
        found = read_masks(place, classes=reference.integer("classes"), skip_bad=skip_bad)
        parts = _parts(found.parts)
        return f"{len(found.images):,} pictures with masks{parts}, {found.classes} classes{_left_out(found.left_out)}"
    from ptmbench.engine.data import load

    data = load(str(reference), skip_bad=skip_bad)
    samples, split = data.samples, data.split
    sizes = ", ".join(
        f"{name} {len(part):,}"
        for name, part in (("training", split.train), ("validation", split.validation), ("test", split.test))
    )
    counts = Counter(samples.classes[label] for label in data.labels.tolist())
    return f"{len(samples.ids):,} examples ({sizes}), labels: {_counted(counts)}{_left_out(samples.left_out)}"


def _boxes(found: BoxSet) -> str:
    counts = Counter(name for picture in found.pictures for name in picture.names)
    parts = _parts(picture.part for picture in found.pictures if picture.part)
    return f"{len(found.pictures):,} pictures{parts}, boxes: {_counted(counts)}{_left_out(found.left_out)}"


def _parts(parts: Iterable[str] | None) -> str:
    counts = Counter(parts or ())
    return f" ({', '.join(f'{name} {counts[name]:,}' for name in counts)})" if counts else ""


def _left_out(names: tuple[str, ...]) -> str:
    return f"; {len(names)} left out" if names else ""


def _counted(labels: Counter[str]) -> str:
    return ", ".join(f"{label} {count:,}" for label, count in sorted(labels.items()))


def _write(tagged: ConllFile, path: Path) -> None:
    """The sentences as word TAB tag lines, a blank line after each."""
    lines = []
    for words, tags in zip(tagged.sentences, tagged.tags, strict=True):
        lines += [f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True)]
        lines.append("\n")
    try:
        path.write_text("".join(lines), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None
    print(f"written to {path}")
