"""Manuals: real English prose about programming, from the standard library of the Python that runs.

The sentences stand in the language reference that `help()` shows (`pydoc_data.topics`), in docstrings and in block
comments of the standard library's own modules: no other project's text, so what it is depends on the Python version
alone (and on what a distributor left out). Left out are tests, idlelib, lib2to3, turtledemo, ensurepip, distutils
(which NumPy and setuptools copied) and sentences of fewer than 5 or more than 32 words or with anything but words,
names and punctuation. Mark-up for emphasis and code is taken off. Sentences that differ only in case and punctuation
count once.
"""

import ast
import functools
import hashlib
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from ptmbench.engine.docstrings import docstrings
from ptmbench.engine.pretraining.sources.base import TextSource
from ptmbench.errors import Unavailable
from ptmbench.reading import content_of

SHORTEST, LONGEST = 5, 32  # words
HELD_OUT_SHARE = 0.05
LEFT_OUT = {
    *("test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "distutils"),
    *("site-packages", "dist-packages"),
}

_MARKUP = re.compile(r"[`*]")
_PROSE = re.compile(r"""[A-Z][A-Za-z0-9 ,;:'"()/._\[\]%=<>-]*[.!?]""")
_REMINDER = re.compile(r"XXX|TODO|FIXME")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_COMMENT = re.compile(r"(?:^[ \t]*#(?!!).*\n)+", re.MULTILINE)
_COMMENT_SIGN = re.compile(r"^[ \t]*#+[ \t]?", re.MULTILINE)
_RANGE = 2**64


def sentences(count: int, purpose: str) -> list[str]:
    """Up to `count` sentences for "train" (95 % of all) or "held_out" (5 %), in the order of their hashes.

    Fewer where there are no more. Raises `Unavailable` where the standard library comes without source files.
    """
    if purpose not in ("train", "held_out"):
        raise ValueError(f"expected the purpose 'train' or 'held_out', got {purpose!r}")
    return [text for key, text in _all() if _is_held_out(key) == (purpose == "held_out")][:count]


def fingerprint() -> str:
    """The sha256 (hex) over all sentences: another Python version gives another one."""
    return hashlib.sha256("\n".join(text for _, text in _all()).encode()).hexdigest()


@functools.cache
def _all() -> tuple[tuple[str, str], ...]:
    """Each sentence with the hash of its words, in the order of the hashes."""
    found: dict[str, str] = {}
    for text in _texts(Path(sysconfig.get_paths()["stdlib"])):
        for block in re.split(r"\n\s*\n", text):
            for sentence in _SENTENCE_END.split(" ".join(_MARKUP.sub("", block).split())):
                if _is_prose(sentence):
                    words = " ".join(re.findall("[a-z0-9]+", sentence.lower()))
                    found.setdefault(hashlib.sha256(words.encode()).hexdigest(), sentence)
    if not found:
        raise Unavailable("manuals: this Python comes without the source files of its standard library; use one with")
    return tuple(sorted(found.items()))


def _texts(root: Path) -> Iterator[str]:
    """Topics, docstrings and block comments, file after file in the order of their paths."""
    yield from _topics()
    paths = (path.relative_to(root) for path in root.rglob("*.py"))
    for path in sorted(path for path in paths if LEFT_OUT.isdisjoint(path.parts)):
        try:
            content = content_of(root / path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                warnings.simplefilter("ignore", DeprecationWarning)
                tree = ast.parse(content)
        except (OSError, SyntaxError, ValueError):
            continue
        yield from docstrings(tree)
        for comment in _COMMENT.findall(content.decode(errors="replace")):
            yield _COMMENT_SIGN.sub("", comment)


def _topics() -> tuple[str, ...]:
    try:
        from pydoc_data import topics
    except ImportError:  # some distributors package it apart
        return ()
    return tuple(topics.topics.values())


def _is_prose(sentence: str) -> bool:
    fits = _PROSE.fullmatch(sentence) and SHORTEST <= len(sentence.split()) <= LONGEST
    return bool(fits) and not _REMINDER.match(sentence)


def _is_held_out(key: str) -> bool:
    return int(key[:16], 16) / _RANGE < HELD_OUT_SHARE


MANUALS = TextSource(name="manuals", sentences=sentences, fingerprint=fingerprint)
