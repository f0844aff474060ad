"""The guides of docs/ taken apart: what a reader types, and the files that a reader writes, in the guide's order."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
NAMED = re.compile(r"# (\S+\.\w+)\n")
EXITS = re.compile(r"# exits (\d)(?: or (\d))?")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language ("" for commands) and text, and the file that its first line names."""

    language: str
    text: str

    @property
    def file(self):
        """The name of the file that a reader makes of it; None for what only shows something."""
        named = NAMED.match(self.text)
        return named[1] if named and self.language else None


@dataclass(frozen=True)
class Command:
    """What is typed, and the exit codes that the guide says it may have."""

    words: tuple[str, ...]
    exits: tuple[int, ...]


def blocks(guide):
    """All fenced blocks of a guide in order; what Sphinx alone reads, `{include}` and the like, is left out."""
    found = [Block(language.strip(), text) for language, text in FENCED.findall((DOCS / f"{guide}.md").read_text())]
    return [block for block in found if not block.language.startswith("{")]


def commands(block):
    """The commands of a block without a language, a line each; their exit code is 0 unless a comment says otherwise."""
    for line in filter(str.strip, block.text.splitlines()):
        said = EXITS.search(line)
        exits = tuple(int(code) for code in said.groups() if code) if said else (0,)
        yield Command(tuple(shlex.split(line, comments=True)), exits)


def snippets(guide, language):
    """The blocks of a language by the file that they name, or by their place where they name none."""
    return {block.file or place: block.text for place, block in enumerate(blocks(guide)) if block.language == language}
