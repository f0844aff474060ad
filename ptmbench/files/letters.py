"""Texts and names that can be written down: what is no UTF-8 fits into no digest, no record and no file.

A file system may hold names of other encodings, and JSON may spell half a letter (a lone surrogate); Python reads both.
"""

from collections.abc import Iterable

from ptmbench.errors import UsageError, listed


def is_writable(text: str) -> bool:
    """Whether a text has a form in UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def checked_letters(texts: Iterable[str], what: str, where: str) -> None:
    """Raises `UsageError` for texts that are no UTF-8.

    Args:
        texts: Names or examples.
        what: What they are, and what is to be done, such as "names of files: rename them".
        where: What messages call the data.
    """
    odd = [ascii(text) for text in dict.fromkeys(texts) if not is_writable(text)]
    if odd:
        raise UsageError(f"{where} holds what is no UTF-8 among its {what}: {listed(odd)}")


def written(text: str) -> str:
    """The text as it is, or with what is no UTF-8 spelled out."""
    return text.encode(errors="backslashreplace").decode()
