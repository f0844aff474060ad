"""References: what a user types to name a model or data, `scheme:name?option=value&...`, taken apart.

A text without a scheme is a catalog name; options may follow it as well. Names made from references end in six hex
digits of the reference's digest, so that two folders of one name are two tasks.
"""

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from ptmbench.errors import UnknownName, UsageError

LONGEST = 8_192  # characters of a reference: two paths, each as long as a path may be
LONGEST_NAME = 255  # bytes of one folder or file name, which no usual file system exceeds
LONGEST_CALLED = 100  # characters of name=: a file name is made of it, with more around it
ON = ("true", "yes", "1")
OFF = ("false", "no", "0")
DIGITS = 9  # of a whole number in a reference: Python refuses to read thousands of them


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference in its parts; `scheme` is empty for a catalog name. `options` stand in the order typed."""

    scheme: str
    name: str
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        query = f"?{urlencode(self.options, safe='/:@,.*')}" if self.options else ""
        return f"{self.scheme}:{self.name}{query}" if self.scheme else f"{self.name}{query}"

    def get(self, option: str, default: str = "") -> str:
        """An option's value."""
        return dict(self.options).get(option, default)

    def integer(self, option: str, least: int = 1) -> int | None:
        """An option's value as a whole number of at least `least`; None where it is not given."""
        value = self.get(option)
        if not value:
            return None
        if not value.isdecimal() or len(value) > DIGITS or int(value) < least:
            most = f" of at most {DIGITS} digits" if len(value) > DIGITS else ""
            raise UsageError(
                f"expected {option}=N with a whole number of at least {least}{most}, got {option}={shortened(value)}"
            )
        return int(value)

    def flag(self, option: str) -> bool:
        """Whether an option is switched on; off where it is not given."""
        value = self.get(option, OFF[0])
        if value.lower() not in {*ON, *OFF}:
            raise UsageError(f"expected {option}=true or {option}=false, got {option}={shortened(value)}")
        return value.lower() in ON

    def without(self, *options: str) -> "Reference":
        """The reference less some options."""
        return Reference(self.scheme, self.name, tuple(pair for pair in self.options if pair[0] not in options))

    def having(self, option: str, value: str) -> "Reference":
        """The reference with one option more, or with another value of it."""
        return Reference(self.scheme, self.name, (*self.without(option).options, (option, value)))


def parse(text: str) -> Reference:
    """A text in its parts; whether its scheme and options are known is for `check` to say."""
    head, _, query = text.partition("?")
    scheme, colon, name = head.partition(":")
    options = tuple(parse_qsl(query, keep_blank_values=True))
    return Reference(scheme, name, options) if colon else Reference("", head, options)


def check(reference: Reference, kind: str, known: Mapping[str, Collection[str]]) -> None:
    """Raises `UsageError` for a scheme or an option that is not known, or for a missing name.

    `known` holds the options of each scheme; that of a catalog name is "".
    """
    check_size(reference)
    if reference.scheme not in known:
        raise UnknownName(f"{kind} scheme", reference.scheme, [scheme for scheme in known if scheme])
    if not reference.name:
        raise UsageError(f"expected {reference.scheme}:NAME, got {reference} (quote a `?` and `&` for the shell)")
    if reference.options and not known[reference.scheme]:
        raise UsageError(
            f"{reference.name} is known by its name alone and takes no options, got {reference}: leave them out"
        )
    for option, value in reference.options:
        if option not in known[reference.scheme]:
            raise UnknownName(f"option of {reference.scheme or kind}", option, known[reference.scheme])
        if not value:
            raise UsageError(f"expected {option}=VALUE in {reference}, got no value")
    several = [option for option, count in Counter(option for option, _ in reference.options).items() if count > 1]
    if several:
        raise UsageError(f"expected each option once in {reference}; given twice or more: {', '.join(several)}")


def check_size(reference: Reference) -> None:
    """Raises `UsageError` for what no path and no setting can be: a system would end in a traceback over it."""
    parts = [reference.name, *(value for _, value in reference.options)]
    if any("\0" in part for part in parts):
        raise UsageError(f"expected text without the character NUL, got {shortened(str(reference))!r}")
    longest = max(len(word.encode(errors="replace")) for word in reference.name.split("/"))
    called = len(reference.get("name"))
    if sum(map(len, parts)) > LONGEST or longest > LONGEST_NAME:
        raise UsageError(
            f"expected a reference of at most {LONGEST} characters, and {LONGEST_NAME} between two slashes, got "
            f"{shortened(str(reference))}"
        )
    if called > LONGEST_CALLED:
        raise UsageError(f"expected name=NAME of at most {LONGEST_CALLED} characters, got {called}")


def shortened(text: str) -> str:
    """The beginning of a text that is too long to be shown, with its length."""
    return text if len(text) <= LONGEST_CALLED else f"{text[:40]}... ({len(text):,} characters)"


def slug(name: str) -> str:
    """A name with `_` in place of what no case id can hold."""
    return "".join(letter if (letter.isalnum() and letter.isascii()) or letter in "_." else "_" for letter in name)


def short_name(name: str, reference: str) -> str:
    """A slug for what comes from a reference: its short name and six hex digits of the reference's digest."""
    return f"{slug(name)}.{hashlib.sha256(reference.encode()).hexdigest()[:6]}"
