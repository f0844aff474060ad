"""Names and reasons come from records, and a record may hold anything: what each format must not take as its own."""

import dataclasses
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

from ptmbench.terminal import printable

Anything = TypeVar("Anything")
MARKDOWN = re.compile(r"[\\`*\[\]<>|&~#]|^[-+=]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")  # inside a word _ is a letter
STEERING = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")  # escapes of a terminal; not line breaks and tabs
FORMULA = tuple("=+-@\t\r")  # what a spreadsheet reads as the begin of a formula
LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
}


def markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return MARKDOWN.sub(lambda found: f"\\{found.group()}", " ".join(printable(text).split()))


def latex(text: str) -> str:
    """Text that LaTeX sets as it is, on one line."""
    return "".join(LATEX.get(letter, letter) for letter in " ".join(text.split()) if letter.isprintable())


def spreadsheet(text: str) -> str:
    """Text that no spreadsheet runs: one that would begin a formula gets an apostrophe before it.

    OWASP, "CSV injection". Figures are no text and keep their signs.
    """
    shown = STEERING.sub("", text)
    return f"'{shown}" if shown.startswith(FORMULA) else shown


def github_message(text: str) -> str:
    """Text as the message of a GitHub workflow command takes it: there a colon and a comma stand for themselves."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def github_property(text: str) -> str:
    """Text as a property of a GitHub workflow command takes it, such as its title."""
    return github_message(text).replace(":", "%3A").replace(",", "%2C")


def mapped(value: Anything, change: Callable[[str], str]) -> Anything:
    """The value with every text in it changed: dataclasses, lists, tuples and the values of mappings are gone into."""
    return cast("Anything", _mapped(value, change))


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in dataclasses.fields(value)]
        return dataclasses.replace(value, **{name: _mapped(getattr(value, name), change) for name in names})
    if isinstance(value, list | tuple):
        return type(value)([_mapped(entry, change) for entry in value])
    if isinstance(value, dict):
        return {key: _mapped(entry, change) for key, entry in value.items()}
    return value
