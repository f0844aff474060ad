"""Topic: which installed library a sentence of documentation comes from; real prose, eight classes.

The sentences stand in the docstrings of eight libraries that ptmbench always brings along (itself, or through torch
and transformers). Their files are parsed, never imported. Left out are: paragraphs with indentation, bullets, mark-up
or doctests, and with them parameter tables and code; sentences with anything but plain words and punctuation (no
back-quotes, underscores, dotted or camel-case names, formulas); sentences under 6 or over 40 words; licence texts;
sentences that name one of the libraries; sentences that open with the same five words as one before in the same
library, or as one in another library (copied code). Test folders and bundled third-party code are not read.

The text depends on the installed versions: the fingerprint of what was read is the `split_sha256` of the record, and
figures are compared, and floors asserted, only where it is the same.
"""

import ast
import functools
import hashlib
import importlib.metadata
import importlib.util
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from ptmbench.engine.datasets.base import LabelledTexts
from ptmbench.engine.docstrings import docstrings
from ptmbench.errors import Unavailable
from ptmbench.reading import content_of

LIBRARIES: Mapping[str, str] = {  # the class, which is also the distribution's name, and the package that is read
    "huggingface_hub": "huggingface_hub",
    "networkx": "networkx",
    "numpy": "numpy",
    "scikit-learn": "sklearn",
    "scipy": "scipy",
    "sympy": "sympy",
    "torch": "torch",
    "transformers": "transformers",
}
SENTENCES_A_CLASS = 450
CANDIDATES_A_CLASS = 540  # files are parsed until so many are found: the rest pays for what libraries share
SENTENCES_A_FILE = 16  # no single file makes up a class
LARGEST_FILE = 60_000  # bytes: a larger file takes long to parse and gives no more sentences
SHORTEST, LONGEST = 6, 40  # words
OPENING = 5  # words: sentences that begin alike are mostly copies with another name in them
UNREAD = {
    *("test", "tests", "testing", "externals", "_external", "_vendor", "vendored"),
    *("distutils", "_inspect.py"),  # NumPy's copies of the standard library
}

_WORD = re.compile(r"[a-z0-9]+")
_PLAIN = re.compile(r"[A-Z][A-Za-z0-9 ,;:'()/-]*\.")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_UNDERLINE = re.compile(r"([-=~^#*])\1{2,}\s*")
_NAME_LIKE = re.compile(r"[a-z][A-Z]|::| : ")
_LICENCE = re.compile(r"copyright|licen[cs]e|warrant|redistribut", re.IGNORECASE)
_LIBRARY = re.compile(
    r"hugging ?face|\bhf\b|\bhub\b|networkx|\bnx\b|numpy|\bnp\b|scikit|sklearn|scipy|sympy|torch|transformers\b",
    re.IGNORECASE,
)


def load() -> LabelledTexts:
    """The sentences of all classes, `SENTENCES_A_CLASS` each, with ids made from the hash of the sentence.

    Raises `Unavailable` where a library is missing or has too little text.
    """
    chosen = _chosen()
    pairs = [(label, sentence) for label, sentences in enumerate(chosen.values()) for sentence in sentences]
    return LabelledTexts(
        ids=tuple(f"topic/{_hash(sentence)[:16]}" for _, sentence in pairs),
        texts=tuple(sentence for _, sentence in pairs),
        labels=torch.tensor([label for label, _ in pairs]),
        classes=tuple(chosen),
    )


@functools.cache
def _chosen() -> dict[str, tuple[str, ...]]:
    """The sentences of each class in the order of their hashes."""
    found = {name: _candidates(name) for name in LIBRARIES}
    shared = Counter(opening for sentences in found.values() for opening in sentences)
    chosen = {}
    for name, sentences in found.items():
        own = sorted((text for opening, text in sentences.items() if shared[opening] == 1), key=_hash)
        if len(own) < SENTENCES_A_CLASS:
            raise Unavailable(
                f"topic: expected {SENTENCES_A_CLASS} sentences in the docstrings of {name} "
                f"{importlib.metadata.version(name)}, found {len(own)}; another version may have more: "
                f"pip install --force-reinstall {name}"
            )
        chosen[name] = tuple(own[:SENTENCES_A_CLASS])
    return chosen


def _candidates(name: str) -> dict[str, str]:
    """Sentences of one library by their opening; files are read in the order of the hashes of their paths."""
    root = _folder(name)
    paths = [path.relative_to(root) for path in root.rglob("*.py")]
    read = [path for path in paths if UNREAD.isdisjoint(path.parts) and not path.name.startswith(("test_", "conftest"))]
    found: dict[str, str] = {}
    for path in sorted(read, key=lambda path: _hash(path.as_posix())):
        for sentence in sorted(set(_sentences(root / path)), key=_hash)[:SENTENCES_A_FILE]:
            found.setdefault(" ".join(_WORD.findall(sentence.lower())[:OPENING]), sentence)
        if len(found) >= CANDIDATES_A_CLASS:
            break
    return found


def _folder(name: str) -> Path:
    """The folder of a library's package; finding a top-level package does not import it."""
    found = importlib.util.find_spec(LIBRARIES[name])
    if found is None or not found.submodule_search_locations:
        raise Unavailable(f"topic: expected the library {name} to read its docstrings, found none: pip install {name}")
    return Path(found.submodule_search_locations[0])


def _sentences(path: Path) -> Iterator[str]:
    """The sentences of a file's docstrings that stand by themselves; none where it cannot be parsed."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # other people's escapes are not our user's concern
            warnings.simplefilter("ignore", DeprecationWarning)
            tree = ast.parse(content_of(path))
    except (OSError, SyntaxError, ValueError):
        return
    for docstring in docstrings(tree):
        for paragraph in _paragraphs(docstring):
            yield from filter(_is_prose, _SENTENCE_END.split(paragraph))


def _paragraphs(docstring: str) -> Iterator[str]:
    """Paragraphs of running text, each in one line; headings are taken off, blocks with indentation left out."""
    for block in re.split(r"\n\s*\n", docstring):
        lines = block.split("\n")
        while len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]):
            lines = lines[2:]
        if not any(line[:1].isspace() or line.startswith((">", ".", ":", "-", "*", "@", "|")) for line in lines):
            yield " ".join(" ".join(lines).split())


def _is_prose(sentence: str) -> bool:
    plain = _PLAIN.fullmatch(sentence) and SHORTEST <= len(sentence.split()) <= LONGEST
    return bool(plain) and not any(kind.search(sentence) for kind in (_NAME_LIKE, _LICENCE, _LIBRARY))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
