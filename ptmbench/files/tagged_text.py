"""A user's own labelled text: files with a text and its label a line, and what words and tags have to be.

Files are UTF-8 (a byte order mark is taken off). Whatever is wrong with a file is said in one `UsageError` that lists
all faults with their lines, what was expected and what to do next. Tags are BIO (IOB2; Ramshaw & Marcus 1995, Tjong
Kim Sang & Veenstra 1999): O, B-TYPE for the first word of an entity, I-TYPE for each further one. IOB1 (the first form
of CoNLL 2003), where B-TYPE only parts neighbours of one type, says the same and is turned into BIO.
"""

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ptmbench.errors import SHOWN, UsageError, listed
from ptmbench.reading import content_of

HEADINGS = {
    *("label", "labels", "class", "category", "target", "sentiment", "polarity", "stance", "emotion", "intent"),
    *("topic", "rating"),
}

_TAG = re.compile(r"O|[BI]-\S+")
_GOES_ON = {"B-", "I-", "M-"}  # of BIOES; BMES writes M for I
_FURTHER = {"I-", "M-", "E-"}
_LABELLED = "a text, a TAB and its label a line"
_NOT_UTF8 = "not UTF-8"
_ONE_TAB = "write the text, one TAB and the label in each line"
_FILL = "take the line out or fill it in"

Fault = tuple[int, str, str]  # line from 1 (0: the whole file), what is wrong, what to do


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """Texts, none of them blank, with a label each, and the line (from 1) each stands in."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    lines: tuple[int, ...]


def bio_faults(tags: Sequence[str]) -> list[tuple[int, str]]:
    """The positions (from 0) where tags are not BIO, and why; empty for valid tags."""
    faults = []
    previous = ""
    for index, tag in enumerate(tags):
        if not _TAG.fullmatch(tag):
            faults.append((index, f"the tag {tag!r} is not O, B-TYPE or I-TYPE"))
        elif _opens_inside(tag, previous):
            place = f"follows {previous}" if previous else "opens the sentence"
            faults.append((index, f"{tag} {place}, expected B-{tag[2:]} or I-{tag[2:]} before it"))
        previous = tag
    return faults


def bioes_faults(tags: Sequence[str]) -> list[tuple[int, str]]:
    """The places (from 0) where tags of BIOES or BMES go on with nothing, or break an entity off, and why."""
    faults = []
    for place, tag in enumerate(tags):
        before = tags[place - 1] if place else "O"
        inside, kind = before[:2] in _GOES_ON, tag[2:]
        if tag[:2] in _FURTHER and not (inside and before[2:] == kind):
            faults.append((place, f"{tag} follows {before}, expected B-{kind} or I-{kind} before it"))
        elif inside and tag[:2] not in _FURTHER:
            faults.append(
                (place, f"{tag} follows {before}, expected I-{before[2:]} or E-{before[2:]} (S- stands alone)")
            )
    if tags and tags[-1][:2] in _GOES_ON:
        faults.append((len(tags) - 1, f"{tags[-1]} ends the sentence, expected E-{tags[-1][2:]} or S-{tags[-1][2:]}"))
    return faults


def is_iob1(sentences: Iterable[Sequence[str]]) -> bool:
    """Whether tags are IOB1: an I-TYPE opens an entity, and B-TYPE stands right behind an entity of its type alone."""
    opened = False
    for tags in sentences:
        for previous, tag in zip(("O", *tags), tags, strict=False):
            if tag.startswith("B-") and previous not in {tag, f"I-{tag[2:]}"}:
                return False
            opened = opened or _opens_inside(tag, previous)
    return opened


def repair_bio(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags with each I-TYPE that follows neither B-TYPE nor I-TYPE of its type turned into B-TYPE.

    Nothing else changes: a tag that is none stays as it is.
    """
    before = ("O", *tags)
    return tuple(
        f"B-{tag[2:]}" if _TAG.fullmatch(tag) and _opens_inside(tag, previous) else tag
        for previous, tag in zip(before, tags, strict=False)
    )


def read_labelled(path: str | Path) -> LabelledFile:
    """Reads a file with a text, a TAB and its label a line; empty lines are passed over.

    Raises `UsageError` with all faults of the file.
    """
    lines, faults = read_lines(Path(path), _LABELLED)
    rows = [(number, line.split("\t")) for number, line in enumerate(lines, 1) if line]
    for number, columns in rows:
        if len(columns) != 2:
            faults.append((number, f"expected one TAB, found {len(columns) - 1}", _ONE_TAB))
        elif not columns[0].strip():
            faults.append((number, "the text is empty", _FILL))
        elif not columns[1].strip():
            faults.append((number, "the label is empty", _FILL))
    labels = [columns[-1].strip() for _, columns in rows]
    if labels and labels[0].lower() in HEADINGS and labels.count(labels[0]) == 1:
        faults.append((rows[0][0], f"the label {labels[0]!r} stands here only: a heading?", "take the heading out"))
    if not rows:
        faults.append((0, "it holds no text", ""))
    refuse(path, faults, _LABELLED)
    return LabelledFile(
        texts=tuple(columns[0].strip() for _, columns in rows),
        labels=tuple(labels),
        lines=tuple(number for number, _ in rows),
    )


def check_texts(ids: Sequence[str], texts: Sequence[str]) -> None:
    """Raises `UsageError`, with the ids, where a text is blank or ids and texts are not equally many."""
    if len(ids) != len(texts):
        raise UsageError(f"expected a text for each id, got {len(ids)} ids and {len(texts)} texts")
    blank = [name for name, text in zip(ids, texts, strict=True) if not text.strip()]
    if blank:
        raise UsageError(f"expected text in every sample; blank: {listed(blank)}; take them out or fill them in")


def check_tokens(ids: Sequence[str], sentences: Sequence[Sequence[str]], tags: Sequence[Sequence[str]]) -> None:
    """Raises `UsageError`, with the ids, where a sentence has no words or another number of tags than of words."""
    if not len(ids) == len(sentences) == len(tags):
        counts = f"{len(ids)} ids, {len(sentences)} sentences and {len(tags)} tag sequences"
        raise UsageError(f"expected a sentence and its tags for each id, got {counts}")
    rows = list(zip(ids, sentences, tags, strict=True))
    faults = [f"{name} (no words)" for name, words, _ in rows if not words]
    faults += [
        f"{name} ({len(words)} words, {len(found)} tags)"
        for name, words, found in rows
        if words and len(words) != len(found)
    ]
    if faults:
        raise UsageError(f"expected a tag for each word of every sentence; not so: {listed(faults)}")


def _opens_inside(tag: str, previous: str) -> bool:
    """Whether a tag goes on with an entity that the tag before it is not part of."""
    return tag.startswith("I-") and previous not in {tag, f"B-{tag[2:]}"}


def read_lines(path: Path, expected: str) -> tuple[list[str], list[Fault]]:
    """The lines of a UTF-8 file without their ends, and where bytes are not UTF-8."""
    try:
        content = content_of(path)
    except FileNotFoundError:
        raise UsageError(f"{path}: no such file; check the spelling and the folder (expected {expected})") from None
    except IsADirectoryError:
        raise UsageError(f"{path}: a directory; name a file in it (expected {expected})") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror} (expected {expected})") from None
    lines, faults, offset = [], [], 0
    encoding = "UTF-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "LATIN1"
    for number, raw in enumerate(content.split(b"\n"), 1):  # str.splitlines would break at U+2028 and others too
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            line = raw.decode("utf-8", errors="replace")
            place = offset + error.start
            hint = f"if the file is in {encoding}: iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > utf8.txt"
            faults.append((number, f"{_NOT_UTF8}: byte 0x{raw[error.start]:02x} at offset {place} of the file", hint))
        lines.append(line.removesuffix("\r"))
        offset += len(raw) + 1
    return lines, faults


def refuse(path: str | Path, faults: Sequence[Fault], expected: str) -> None:
    """Raises one `UsageError` for all faults; bytes come before lines, which cannot be judged in another encoding."""
    if not faults:
        return
    ordered = sorted(faults, key=lambda fault: (not fault[1].startswith(_NOT_UTF8), fault[0]))
    count = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
    told = [f"{path}: {count}; expected {expected}"]
    told += [f"  line {line}: {text}" if line else f"  {text}" for line, text, _ in ordered[:SHOWN]]
    if len(faults) > SHOWN:
        told.append(f"  ... and {len(faults) - SHOWN} more")
    told += [f"  next: {hint}" for hint in dict.fromkeys(hint for _, _, hint in ordered) if hint]
    raise UsageError("\n".join(told))
