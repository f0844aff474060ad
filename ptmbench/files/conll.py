"""Files with a word and its tag a line, blank lines between sentences: CoNLL 2003, CoNLL-U and what is called so.

Tags are BIO, IOB1, BIOES, or plain labels where those are asked for. Lines that begin with "#" and a space
or tab before a sentence are comments, unless they are a word "#" with its tag. Where the first column counts the words
of each sentence, the word is the next.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ptmbench.files.tagged_text import Fault, bio_faults, bioes_faults, is_iob1, read_lines, refuse, repair_bio
from ptmbench.files.tags import BILOU, BILOU_HINT, PLAIN_HINT

DOCUMENT_START: Final = "-DOCSTART-"  # CoNLL 2003 opens each document with a line of this word
BLANK: Final = " \t\r"  # str.strip takes more: a no-break space is a word in real tweets
LONGEST: Final = 200  # words of a file's only sentence; CoNLL 2003's longest has 124
COMMENTS: Final = ("# ", "#\t")  # GermEval puts a tab behind the sign

_BIO = re.compile(r"O|[BI]-\S+")
_BIOES = re.compile(r"O|[BIESM]-\S+")
_ONLY_BIOES = re.compile(r"[ESM]-\S+")
_SEVERAL = re.compile(r"\d+[-.]\d+")  # CoNLL-U: a word of several, or one that is not written
_EXPECTED = "a word and its tag a line (TAB or spaces between columns, the tag last), a blank line between sentences"
_REPAIR = (
    "to read each such I-TYPE as B-TYPE, ask for the repair: ?repair=true behind the reference, or into a new file by "
    "ptmbench check FILE --form tagged --repair -o NEW"
)
_WRITE = f"write tags as O, B-TYPE and I-TYPE (IOB2); a column by its number: ?word=2&tag=4; {PLAIN_HINT}"

Line = tuple[int, list[str]]  # its number from 1, and its columns


@dataclass(frozen=True, slots=True)
class ConllForm:
    """How a file is read: whether tags are plain labels, and the columns from 1, where they are not the usual ones.

    `repair` reads an I-TYPE that continues nothing as B-TYPE.
    """

    repair: bool = False
    plain: bool = False
    word: int | None = None
    tag: int | None = None


@dataclass(frozen=True, slots=True)
class ConllFile:
    """Sentences of words with a tag a word, the line (from 1) each sentence begins in, and how many tags changed.

    `tags` are valid; `repairs` counts the I-TYPE that were read as B-TYPE.
    """

    sentences: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]
    repairs: int


@dataclass(frozen=True, slots=True)
class _Layout:
    """What the file turned out to be: columns a line, where word and tag stand, and which tags it may hold.

    `mends`: an I-TYPE that opens an entity is read as B-TYPE. `counted`: the first column numbers the words.
    """

    width: int
    word: int
    tag: int
    tags: re.Pattern[str] | None
    mends: bool
    counted: bool


def read_conll(path: str | Path, form: ConllForm | None = None, *, repair: bool = False) -> ConllFile:
    """Reads a file with a word and its tag a line.

    Columns stand between TABs or, in a line without one, between spaces; the word is the first column, the tag the
    last, and every line has as many. Blank lines (they may hold spaces and TABs) and -DOCSTART- lines end a sentence.
    An I-TYPE that follows neither B-TYPE nor I-TYPE of its type is read as B-TYPE where the file is IOB1, or where
    `repair` asks for it, and is a fault elsewhere.

    Args:
        path: The file.
        form: How it is read, where not as usual.
        repair: The same as that of the form.

    Returns:
        Its sentences.

    Raises:
        UsageError: With all faults of the file.
    """
    form = form or ConllForm(repair=repair)
    lines, faults = read_lines(Path(path), _EXPECTED)
    sentences = _sentences(_without_comments(lines, form))
    layout = _layout(sentences, form)
    if layout.counted:
        words = ([line for line in sentence if not _SEVERAL.fullmatch(line[1][0])] for sentence in sentences)
        sentences = [sentence for sentence in words if sentence]
    for sentence in sentences:
        faults += _row_faults(sentence, layout)
        faults += _order_faults(sentence, layout)
    if not sentences:
        faults.append((0, "it holds no sentence", ""))
    if len(sentences) == 1 and len(sentences[0]) > LONGEST:
        faults.append((0, f"it is one sentence of {len(sentences[0])} words", "put a blank line after each sentence"))
    refuse(path, faults, _EXPECTED)
    read = [tuple(columns[layout.tag] for _, columns in sentence) for sentence in sentences]
    return ConllFile(
        sentences=tuple(tuple(columns[layout.word] for _, columns in sentence) for sentence in sentences),
        tags=tuple(repair_bio(tags) if layout.mends else tags for tags in read),
        lines=tuple(sentence[0][0] for sentence in sentences),
        repairs=sum(len(bio_faults(tags)) for tags in read) if layout.mends else 0,
    )


def _columns(line: str) -> list[str]:
    """The columns of a line; none for a blank one."""
    if not line.strip(BLANK):
        return []
    if "\t" in line:
        return [column.strip(BLANK) for column in line.split("\t")]
    return [column for column in line.split(" ") if column]


def _without_comments(lines: Sequence[str], form: ConllForm) -> list[Line]:
    """The lines in columns, less the comments before sentences."""
    rows = [(number, _columns(line)) for number, line in enumerate(lines, 1)]
    words = [columns for (_, columns), line in zip(rows, lines, strict=True) if columns and line[:2] not in COMMENTS]
    width = _width(words)
    place = form.tag - 1 if form.tag and form.tag <= width else width - 1
    known = {columns[place] for columns in words if len(columns) == width} if form.plain else set()
    tabbed = any("\t" in line for line in lines if line[:2] not in COMMENTS)
    kept: list[Line] = []
    opens = True
    for (number, columns), line in zip(rows, lines, strict=True):
        alike = len(columns) == width and ("\t" in line or not tabbed)
        tagged = alike and (columns[place] in known if form.plain else bool(_BIOES.fullmatch(columns[place])))
        if opens and line[:2] in COMMENTS and not tagged:
            continue
        kept.append((number, columns))
        opens = not columns
    return kept


def _width(rows: Iterable[Sequence[str]]) -> int:
    """How many columns the first line with a tag has."""
    return next((len(columns) for columns in rows if len(columns) > 1 and columns[0] != DOCUMENT_START), 2)


def _sentences(rows: Iterable[Line]) -> list[list[Line]]:
    """Runs of lines between blank ones and document starts."""
    sentences: list[list[Line]] = [[]]
    for number, columns in rows:
        if not columns or columns[0] == DOCUMENT_START:
            sentences.append([])
        else:
            sentences[-1].append((number, columns))
    return [sentence for sentence in sentences if sentence]


def _layout(sentences: Sequence[Sequence[Line]], form: ConllForm) -> _Layout:
    width = _width(columns for sentence in sentences for _, columns in sentence)
    counted = width > 2 and all(_counts([columns[0] for _, columns in sentence]) for sentence in sentences)
    word = form.word - 1 if form.word else int(counted)
    tag = form.tag - 1 if form.tag else width - 1
    lines = [columns for sentence in sentences for _, columns in sentence if len(columns) > tag]
    bioes = any(_ONLY_BIOES.fullmatch(columns[tag]) for columns in lines)
    tags = None if form.plain else _BIOES if bioes else _BIO
    read = ([columns[tag] if tag < len(columns) else "" for _, columns in sentence] for sentence in sentences)
    return _Layout(width, word, tag, tags, tags is _BIO and (form.repair or is_iob1(read)), counted)


def _counts(first: Sequence[str]) -> bool:
    """Whether the first column of a sentence numbers its words, from 0 or 1."""
    numbers = [column for column in first if not _SEVERAL.fullmatch(column)]
    return bool(numbers) and any(numbers == [str(start + place) for place in range(len(numbers))] for start in (0, 1))


def _row_faults(sentence: Sequence[Line], layout: _Layout) -> list[Fault]:
    """Lines without word or tag, of another number of columns than the file's first, or with a tag that is none."""
    faults = []
    far = max(layout.word, layout.tag)
    for number, columns in sentence:
        if len(columns) == 1 or not columns[-1]:
            faults.append((number, f"no tag after {columns[0]!r}", "give every word a tag: O for no entity"))
        elif len(columns) != layout.width:
            faults.append((number, f"{len(columns)} columns, where the first line has {layout.width}", ""))
        elif far >= len(columns):
            faults.append((number, f"there is no column {far + 1}; there are {len(columns)}", ""))
        elif not columns[layout.word].strip():
            faults.append((number, "an empty word", "take the line out"))
        elif layout.tags and not layout.tags.fullmatch(columns[layout.tag]):
            hint = BILOU_HINT if BILOU.fullmatch(columns[layout.tag]) else _WRITE
            faults.append((number, f"the tag {columns[layout.tag]!r} is not O, B-TYPE or I-TYPE", hint))
        elif not columns[layout.tag]:
            faults.append((number, f"no tag after {columns[layout.word]!r}", ""))
    return faults


def _order_faults(sentence: Sequence[Line], layout: _Layout) -> list[Fault]:
    """Each tag that does not go on with an entity of its type."""
    tags = [columns[layout.tag] if layout.tag < len(columns) else "" for _, columns in sentence]
    if layout.tags is _BIOES:
        return [(sentence[place][0], told, "") for place, told in bioes_faults(tags)]
    if layout.tags is None or layout.mends:
        return []
    return [(sentence[place][0], told, _REPAIR) for place, told in bio_faults(tags) if _BIO.fullmatch(tags[place])]
