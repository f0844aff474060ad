"""What `ptmbench` says by itself: its commands by purpose, a line each, and where to begin."""

import argparse
from typing import Final

from ptmbench.outlet import say

PURPOSES: Final[dict[str, dict[str, str]]] = {
    "Run": {
        "demo": "compare one pre-trained model with its controls, in under a minute",
        "run": "run cases and print the comparison tables",
    },
    "Read": {
        "report": "render results folders as tables, pages, pictures or cards",
        "show": "show what a case mistakes: classes, or boxes and masks on pictures",
        "history": "follow a figure over several runs, and see where it stepped",
    },
    "Decide": {
        "recommend": "say which model to take for your data, and how sure that is",
        "list": "list the models, tasks, methods and cases there are",
        "profile": "measure what a model costs, without any task",
    },
    "Guard": {
        "gate": "tell whether anything is worse than in a baseline",
        "calibrate": "measure the noise of cases for the gate",
        "floors": "propose accuracy floors from measured records",
    },
    "Own data": {
        "check": "list everything that is wrong with a data set",
        "fetch": "download weights and data; all other commands run offline",
    },
    "Develop": {
        "pretrain": "train the embedded checkpoints again",
        "doctor": "print versions, device and caches, and what is missing",
    },
}
SUMMARIES: Final = {name: summary for commands in PURPOSES.values() for name, summary in commands.items()}
HEAD: Final = "ptmbench tells which pre-trained model to take for a task, on this hardware."
FOOT: Final = "Begin with `ptmbench demo`; `ptmbench COMMAND --help` shows options, examples."


def text() -> str:
    """The commands by purpose, at most 80 columns wide."""
    width = max(map(len, SUMMARIES))
    blocks = [
        "\n".join([purpose, *(f"  {name:{width}}  {summary}" for name, summary in commands.items())])
        for purpose, commands in PURPOSES.items()
    ]
    return "\n\n".join([HEAD, *blocks, FOOT])


def show(_arguments: argparse.Namespace) -> int:
    """Prints the overview."""
    say(text())
    return 0
