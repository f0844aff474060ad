"""The page of the command line, made from the parser itself, so that it cannot lag behind it.

```{command-line}
```
"""

import argparse
import functools
import textwrap
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

from ptmbench.cli.parser import make_parser

WIDTH = 88  # letters of a usage line
USAGE = "usage: "


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command by its name, in the order of the help."""
    found = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return dict(found[0].choices)


def lines_of(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    """One command in Markdown: what it does, how it is called, its arguments, and examples."""
    parser.formatter_class = functools.partial(argparse.RawDescriptionHelpFormatter, width=WIDTH)  # type: ignore[assignment]
    description = parser.description or ""
    yield from (f"## ptmbench {name}", "", f"{description[:1].upper()}{description[1:]}.", "")
    yield from (
        "```",
        textwrap.dedent(" " * len(USAGE) + parser.format_usage().removeprefix(USAGE)).rstrip(),
        "```",
        "",
    )
    for action in parser._actions:
        if not isinstance(action, argparse._HelpAction):
            yield from (f"`{called(action)}`", f": {told(action)}", "")
    if parser.epilog:
        shown = textwrap.dedent(parser.epilog.partition("\n")[2]).rstrip()
        yield from ("```", shown, "```", "")


def called(action: argparse.Action) -> str:
    """How an argument is typed."""
    value = action.metavar or ("{" + ",".join(map(str, action.choices)) + "}" if action.choices else "")
    names = ", ".join(action.option_strings)
    return " ".join(part for part in (names, "" if action.nargs == 0 else str(value)) if part) or action.dest


def told(action: argparse.Action) -> str:
    """What its help says, or what it is by default."""
    return action.help or (f"default: {action.default}" if action.default else "which of them")


class CommandLine(SphinxDirective):
    """All commands, a section each."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        text = "\n".join(line for name, parser in commands(make_parser()).items() for line in lines_of(name, parser))
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.add_directive("command-line", CommandLine)
    return {"parallel_read_safe": True}
