"""The parser of argparse, with messages that are short and obeyed by nothing, whatever was typed."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from ptmbench.outlet import for_people
from ptmbench.terminal import without_echo


class CommandLine(argparse.ArgumentParser):
    """A parser whose sub-commands are of its own kind; argparse itself repeats in full what it does not understand."""

    typed: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does it; what was typed is kept for a message."""
        self.typed = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(self.typed, namespace)

    def error(self, message: str) -> NoReturn:
        """Ends with the usage, and the message without long texts and commands to a terminal or a CI job."""
        super().error(for_people(without_echo(message, self.typed)))
