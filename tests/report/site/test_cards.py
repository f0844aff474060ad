"""Tests of the usability cards on the site, and of the page that stands alone."""

import re

from ptmbench.analysis.usability import card_of
from ptmbench.cli.installed import INSTALLED, drawn_by
from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.building import build
from ptmbench.report.site.cards import cards_of
from ptmbench.report.site.comparisons import across
from ptmbench.report.site.holdings import entries_of, holdings
from sites import HOSTILE, changed, write

MODEL = "resnet_tiny.glyphs"


def entries(*folders):
    """The entries of these folders."""
    return entries_of(holdings([(ResultsFolder(folder), ResultsFolder(folder).read_all()[0]) for folder in folders]))


def test_every_model_has_a_card(few, tmp_path):
    """A card for each model of the records, each on a page of its own."""
    for record in few.values():
        write(tmp_path, record)
    found = entries(tmp_path)

    cards = cards_of(found, across(found), INSTALLED)

    assert {record.case.model.name for record in few.values()} == set(cards)
    assert len(cards) == len({card.page for card in cards.values()})


def test_a_card_says_what_the_command_says(few, tmp_path):
    """Standings and effects are those of a card made from the records at once, places included."""
    from ptmbench.analysis.comparison import comparison_tables

    for record in few.values():
        write(tmp_path, record)
    found, folder = entries(tmp_path), ResultsFolder(tmp_path)
    records = folder.read_all()[0]

    card = cards_of(found, across(found), INSTALLED)[MODEL].card
    direct = card_of(MODEL, records, comparison_tables(records, folder.estimate), [], [])

    assert direct.standings == card.standings
    assert direct.effects == card.effects
    assert direct.expenses == card.expenses


def test_of_a_repeated_case_the_last_run_counts(few, tmp_path):
    """A case in two folders stands once on the card, with the figure of the later run."""
    record = few[f"{MODEL}-digits_5shot-linear_probe"]
    ran = record.provenance.model_copy(update={"started_at": "2027-01-01T00:00:00+00:00"})
    quality = record.quality.model_copy(update={"value": 0.125})
    write(tmp_path / "one", record)
    write(tmp_path / "two", record.model_copy(update={"provenance": ran, "quality": quality}))
    found = entries(tmp_path / "one", tmp_path / "two")

    (standing,) = cards_of(found, across(found), INSTALLED)[MODEL].card.standings

    assert 0.125 == standing.row.value


def test_a_hostile_name_stays_inside(few, tmp_path):
    """The page of a model lies under models/, whatever the model is called."""
    for name in ("../../etc/passwd", "..", HOSTILE, "a/b\\c"):
        write(tmp_path, changed(few[f"{MODEL}-digits_5shot-linear_probe"], name=name))
        found = entries(tmp_path)

        (card,) = cards_of(found, across(found), INSTALLED).values()

        assert re.fullmatch(r"models/[A-Za-z0-9_-][A-Za-z0-9_.-]*\.html", card.page)


def test_a_page_alone_needs_no_other_file(few, cli, tmp_path):
    """`--card MODEL --format html` writes one page: no link, no script, its style inside."""
    target = tmp_path / "card.html"
    write(tmp_path / "results", few["pixels-digits_5shot-knn"])

    assert 0 == cli("report", "results", "--card", "pixels", "--format", "html", "-o", str(target)).returncode
    page = target.read_text()

    assert "<style>" in page
    assert "<script" not in page
    assert [] == re.findall(r'(?:href|src)="(?!data:|#)', page)
    assert "pre-trained by" not in page  # pixels are a control


def test_generators_show_what_they_draw(few, tmp_path):
    """A VAE's card and cases hold its samples; a record of other weights, or of another name, holds none."""
    record = few["vae_tiny.glyphs-digits_5shot-knn"]
    model = record.case.model

    drawn = drawn_by(model)
    write(tmp_path / "results", record)
    site = tmp_path / "site"
    build([(ResultsFolder(tmp_path / "results"), [record])], site, INSTALLED)

    assert (site / drawn.picture.page).read_bytes() == drawn.picture.content
    for page in (f"cases/{record.case.id}.html", "models/vae_tiny.glyphs.html"):
        assert f'src="../{drawn.picture.page}"' in (site / page).read_text()
    assert drawn_by(model.model_copy(update={"weights_sha256": "0" * 64})) is None
    assert drawn_by(model.model_copy(update={"reference": "embedded:../../secret"})) is None
    assert drawn_by(few["resnet_tiny.glyphs-digits_5shot-knn"].case.model) is None
