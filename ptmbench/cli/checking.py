"""`ptmbench check`: whether a file of labelled text or a data reference can be read, and all that is wrong with it."""

import argparse
from collections import Counter
from pathlib import Path

from ptmbench.catalog.data_references import known_options, task_spec
from ptmbench.catalog.references import Reference, check, check_size, parse
from ptmbench.catalog.traits import TaskKind
from ptmbench.cli.weights import check_weights
from ptmbench.errors import UsageError, listed
from ptmbench.files.conll import ConllFile, read_conll
from ptmbench.files.tagged_text import read_labelled
from ptmbench.outlet import say

TAGGED = "tagged"
TABLES = {".csv", ".jsonl", ".ndjson", ".json", ".parquet"}
TAGGED_SUFFIXES = {".conll", ".bio", ".iob", ".iob2"}


def check_data(arguments: argparse.Namespace) -> int:
    """Reads the data, or looks through weights, and says what is there; faults are a `UsageError` that lists all."""
    if (arguments.data is None) == (arguments.model is None):
        raise UsageError("expected the data to check, such as imagefolder:photos, or weights: --model FILE")
    if arguments.model is not None:
        return check_weights(arguments.model)
    reference = parse(arguments.data)
    check_size(reference)
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
    if path.suffix.lower() in TABLES and not arguments.form:
        raise UsageError(f"{path}: a table: ptmbench check csv:{path}?text=COLUMN&label=COLUMN")
    if path.is_dir():
        raise UsageError(
            f"{path}: a folder: say what it holds: imagefolder:{path}, or textfolder:, csv:, conll:, voc:, coco:, "
            "masks: or hf: before it"
        )
    form = arguments.form or (TAGGED if path.suffix.lower() in TAGGED_SUFFIXES else "labelled")
    if form != TAGGED:
        if arguments.repair or arguments.output:
            raise UsageError("--repair and -o are for tagged words (--form tagged): texts have no tags")
        found = read_labelled(path)
        say(f"{path}: {len(found.texts):,} texts, labels: {_counted(Counter(found.labels))}")
        return 0
    tagged = read_conll(path, repair=arguments.repair)
    kinds = Counter(tag[2:] for tags in tagged.tags for tag in tags if tag.startswith("B-"))
    words = sum(map(len, tagged.sentences))
    say(f"{path}: {len(tagged.sentences):,} sentences, {words:,} words, entities: {_counted(kinds) or 'none'}")
    if arguments.repair:
        say(f"{tagged.repairs:,} tags repaired")
    elif tagged.repairs:
        say(f"IOB1: {tagged.repairs:,} I-TYPE that open an entity are read as B-TYPE")
    if arguments.output:
        _write(tagged, arguments.output)
    return 0


def _check_reference(reference: Reference, *, skip_bad: bool) -> int:
    from ptmbench.engine.data import load
    from ptmbench.engine.datasets.base import PICTURED

    task = task_spec(str(reference), ())
    data, kind = load(task.dataset, skip_bad=skip_bad), task.kind
    data.train_size(task.shots)
    samples, split = data.samples, data.split
    sizes = ", ".join(
        f"{name} {len(part):,}"
        for name, part in (("training", split.train), ("validation", split.validation), ("test", split.test))
    )
    what = "pictures" if kind.dense else "examples"
    if kind is TaskKind.SEMANTIC_SEGMENTATION:
        held = f"masks of {len(samples.classes)} classes: {', '.join(samples.classes)}"
    else:
        counts = Counter(samples.classes[label] for label in data.labels.tolist())
        held = f"{'boxes' if kind.dense else 'labels'}: {_counted(counts)}"
    say(f"{reference}: {len(samples.ids):,} {what} ({sizes}), {held}{_left_out(samples.left_out)}")
    notes = samples.notes if isinstance(samples, PICTURED) else ()
    unscored = (data.unscored,) if data.unscored else ()
    for line in (*unscored, *notes, *data.balance.told(len(split.test))):
        say(f"  {line}")
    return 0


def _left_out(names: tuple[str, ...]) -> str:
    return f"; {len(names)} left out: {listed(names)}" if names else ""


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
    say(f"written to {path}")
