"""Published tables of transfer: the test accuracy of models on tasks, as others measured it after fine-tuning them."""

import csv
import functools
import re
from dataclasses import dataclass
from pathlib import Path

from ptmbench.reading import text_of

FOLDER = Path(__file__).parent / "tables"
SFDA = 'Shao et al., "Not all models are equal: predicting model transferability in a self-challenging Fisher space"'
SOURCES = {  # by the name of the file without its ending
    "sfda_supervised_11x11": f"{SFDA}, ECCV 2022: supervised models",
    "sfda_selfsupervised_11x12": f"{SFDA}, ECCV 2022: self-supervised models",
    "tll_8x10": "Transfer-Learning-Library, its benchmark of model selection",
    "vtab_1k_19x16": 'Zhai et al., "A large-scale study of representation learning with the visual task adaptation '
    'benchmark", 2019: 1,000 examples a task',
}
BETWEEN_DIGITS = re.compile(r"(?<=\d)[-_.\s]+(?=\d)")
ELSEWHERE = re.compile(r"[-_\s]+|(?<!\d)\.|\.(?!\d)")


@dataclass(frozen=True, slots=True)
class TransferTable:
    """A published table: `accuracy[task][model]` is a share of test examples, from 0 to 1."""

    name: str
    source: str
    tasks: tuple[str, ...]
    models: tuple[str, ...]
    accuracy: tuple[tuple[float, ...], ...]


@functools.cache
def published_tables() -> tuple[TransferTable, ...]:
    """The tables that ptmbench carries, in the order of `SOURCES`; read once."""
    return tuple(_table(name, source) for name, source in SOURCES.items())


def normal_name(model: str) -> str:
    """A model's name without what spellings differ in: "mobilenetv2", "mobilenet_v2" and "MobileNet-V2" are one.

    Letters are lower case, and hyphens, underscores, spaces and dots are left out; between two digits they are a dot,
    so that "1_0" is "1.0" and not "10".
    """
    return ELSEWHERE.sub("", BETWEEN_DIGITS.sub(".", model.casefold()))


def _table(name: str, source: str) -> TransferTable:
    head, *rows = csv.reader(text_of(FOLDER / f"{name}.csv").splitlines())
    accuracy = tuple(tuple(float(percent) / 100 for percent in row[1:]) for row in rows)
    return TransferTable(name, source, tuple(row[0] for row in rows), tuple(head[1:]), accuracy)
