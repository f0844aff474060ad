"""Docstrings, written to be read in an editor, as the reStructuredText that autodoc expects.

The sections `Args:`, `Returns:`, `Yields:` and `Raises:` become lists. Outside of backticks a `*` or `|` and an
underscore at the end of a word mean themselves. A block that is indented, or whose lines keep columns by several
spaces, is shown as it stands.
"""

import re
from typing import Any

SPECIAL = re.compile(r"[*|]|_(?=\W|$)")
COLUMNS = re.compile(r"\S {2,}\S")
INDENT = "    "
SECTIONS = ("Args:", "Returns:", "Yields:", "Raises:")
NAMED = re.compile(r"(\*{0,2}\w+): (.*)", re.DOTALL)


def literal(block: list[str], before: str) -> bool:
    """Whether a block of lines is to be shown as it stands: indented after a blank line, or in columns."""
    indented = all(line.startswith(INDENT) for line in block) and not before.endswith(":")
    return indented or any(COLUMNS.search(line) for line in block)


def escaped(line: str) -> str:
    """The line with what reStructuredText would read into it outside of backticks taken literally."""
    parts = line.split("`")
    parts[::2] = [SPECIAL.sub(lambda found: "\\" + found.group(), part) for part in parts[::2]]
    return "`".join(parts)


def blocks(lines: list[str]) -> list[list[str]]:
    """The lines in groups between blank ones."""
    found: list[list[str]] = [[]]
    for line in lines:
        if line.strip():
            found[-1].append(line)
        elif found[-1]:
            found.append([])
    return [block for block in found if block]


def section(block: list[str]) -> list[str]:
    """A section of a docstring as a list: an entry for each line that is indented once, with those indented further."""
    entries: list[str] = []
    for line in block[1:]:
        if line.startswith(2 * INDENT) or (entries and block[0] in {"Returns:", "Yields:"}):
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
    named = (NAMED.fullmatch(entry) for entry in entries)
    shown = [f"``{found[1]}``: {escaped(found[2])}" if found else "" for found in named]
    return [
        f"**{block[0].rstrip(':')}**",
        "",
        *(f"- {text or escaped(entry)}" for text, entry in zip(shown, entries, strict=True)),
        "",
    ]


def rewrite(_app: Any, _what: str, _name: str, _object: Any, _options: Any, lines: list[str]) -> None:
    """Replaces the lines of one docstring, as `autodoc-process-docstring` asks."""
    written: list[str] = []
    before = ""
    for block in blocks(lines):
        if block[0] in SECTIONS:
            written += section(block)
        elif literal(block, before):
            written += ["::", "", *(INDENT + line for line in block), ""]
        else:
            written += [*map(escaped, block), ""]
        before = block[-1]
    lines[:] = written


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this. There is no napoleon: it takes `a:b` for a typed field."""
    app.connect("autodoc-process-docstring", rewrite)
    return {"parallel_read_safe": True}
