"""`ptmbench check`: whether a file of labelled text can be read, and everything that is wrong with it."""

import argparse
from collections import Counter
from pathlib import Path

from ptmbench.errors import UsageError
from ptmbench.textfiles import ConllFile, read_conll, read_labelled

TAGGED = "tagged"
TAGGED_SUFFIXES = {".conll", ".bio", ".iob", ".iob2"}


def check(arguments: argparse.Namespace) -> int:
    """Reads the file and says what is in it; a fault is a `UsageError` that lists all of them."""
    path: Path = arguments.file
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
