"""Tests that protocol, datasheets and model cards say what code and cards say, and lack nothing."""

import importlib.util
import re
from pathlib import Path

import pytest

from ptmbench.analysis.comparison import LEVEL, UNEQUAL
from ptmbench.catalog.builtin import METHODS, PRETRAINING, TASKS
from ptmbench.catalog.checkpoint_cards import load_card
from ptmbench.catalog.settings import BUDGETS, check_settings
from ptmbench.engine.data import load
from ptmbench.engine.datasets.builtin import DATASETS
from ptmbench.engine.transfer.tuning import FOLDS, LARGE
from ptmbench.files.splits import FEW
from ptmbench.gate.rules import Rules
from ptmbench.statistics.intervals import RESAMPLINGS

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PROTOCOL = (DOCS / "protocol.md").read_text()
SHEETS = sorted((DOCS / "datasheets").glob("*.md"))
GEBRU = (  # the sections of a datasheet (Gebru et al. 2021)
    *("Motivation", "Composition", "Collection process", "Preprocessing, cleaning and labelling", "Uses"),
    *("Distribution", "Maintenance"),
)
HEADING = re.compile(r"^## (.*)$", re.MULTILINE)
SIZES = re.compile(r"^\| `(\w+)` \| ([\d,]+) \| ([\w ,]+) \| ([\w ,]+) \| ([\w ,]+) \| (\d+) \|$", re.MULTILINE)
KNOWN = {found[1]: found for sheet in SHEETS for found in SIZES.finditer(sheet.read_text())}
BY_HASH = "by hash"  # a part whose size hangs on what is installed


def number(text):
    """A number as pages write it."""
    return int(text.replace(",", ""))


def cards_page():
    """The module that writes the page of model cards."""
    path = ROOT / "benchmarks" / "recording" / "model_cards.py"
    found = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def sections(text, heading=HEADING):
    """The text below each heading of a level."""
    parts = heading.split(text)
    return dict(zip(parts[1::2], map(str.strip, parts[2::2]), strict=True))


def test_every_data_set_has_a_datasheet():
    """Each data set that ships stands in the table of a sheet, and no sheet is of one that does not ship."""
    assert set(DATASETS) == set(KNOWN)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_datasheets_are_complete(sheet):
    """A sheet has every section of Gebru et al. (2021) in their order, none of them empty."""
    found = sections(sheet.read_text())

    assert list(GEBRU) == list(found)
    assert all(len(text.split()) >= 8 for text in found.values())


@pytest.mark.parametrize("name", DATASETS)
def test_datasheets_have_the_sizes_of_the_data(name):
    """Examples, parts and classes of a sheet are those that the program gives."""
    data = load(name)
    examples, *parts, classes = KNOWN[name].groups()[1:]
    given = [len(part) for part in (data.split.train, data.split.validation, data.split.test)]

    assert (number(examples), number(classes)) == (sum(given), len(data.samples.classes) or data.classes)
    assert [BY_HASH if part == BY_HASH else number(part) for part in parts] == [
        BY_HASH if part == BY_HASH else size for part, size in zip(parts, given, strict=True)
    ]


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_datasheets_say_whether_they_are_generated(sheet):
    """The first line of a sheet says what is real, derived or generated, as the table of sheets does."""
    lead = sheet.read_text().splitlines()[2]

    assert lead.startswith(("Real", "Derived:", "Generated:"))
    assert f"](datasheets/{sheet.name})" in (DOCS / "datasheets.md").read_text()


def test_model_cards_are_those_beside_the_weights():
    """The page of model cards is what the cards give, byte for byte: benchmarks/recording/model_cards.py writes it."""
    assert (DOCS / "model-cards.md").read_text() == cards_page().page()


@pytest.mark.parametrize("name", [spec.name for spec in PRETRAINING])
def test_every_checkpoint_has_a_complete_card(name):
    """Each embedded checkpoint has a card beside its weights, none of whose words is missing, and every section."""
    card, page = load_card(name), sections((DOCS / "model-cards.md").read_text())
    found = sections(page[name], re.compile(r"^### (.*)$", re.MULTILINE))

    assert list(cards_page().HEADINGS) == list(found)
    assert all(len(text.split()) >= 5 for text in found.values())
    told = (card.licence, card.reproduce, card.overlap, card.limits, card.held_out, card.recipe, card.packages)
    assert all(told)
    assert (card.samples is None) == (card.samples_show is None)


@pytest.mark.parametrize("name", ["quick", "single", "standard"])
def test_the_protocol_has_the_budgets(name):
    """Steps and seeds of the page's table are those of the code, but for detectors and segmenters."""
    (row,) = re.findall(rf"^\| `{name}` \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$", PROTOCOL, re.MULTILINE)
    settings = check_settings(budget=name)
    labelled = [task for task in TASKS if not task.kind.dense]
    frozen, trained = ([method for method in METHODS if method.frozen == still] for still in (True, False))

    def seeds(methods, tasks):
        (count,) = {settings.seeds_for(method, task) for method in methods for task in tasks}
        return count

    few, full = ([task for task in labelled if (task.shots is None) == whole] for whole in (False, True))
    given = (BUDGETS[name].steps, seeds(frozen, labelled), seeds(trained, few), seeds(trained, full))
    assert given == tuple(map(int, row))


def test_the_protocol_has_the_constants():
    """Numbers of the page that the code holds are those of the code."""
    said = " ".join(PROTOCOL.split())

    assert f"by {FOLDS}-fold cross-validation over the draw" in said
    assert f"at least {LARGE} examples" in said
    assert f"fewer than {FEW} examples" in said
    assert f"{RESAMPLINGS:,} bootstrap resamplings" in said
    assert f"at most this share of them is false | {100 * LEVEL:g} %" in said
    assert f"| Holm | {100 * Rules().alarms:g} % |" in said
    assert f"or {100 * UNEQUAL:g} points more than that" in said


def test_the_protocol_names_what_there_is():
    """Every file of the package, the benchmarks and the tests that the pages name is there."""
    for page in (DOCS / "protocol.md", DOCS / "datasheets.md", *SHEETS):
        for path in re.findall(r"`((?:ptmbench|benchmarks|tests)/[\w/.]+)`", page.read_text()):
            assert (ROOT / path).exists(), (page.name, path)
