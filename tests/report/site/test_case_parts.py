"""Tests of sites with more cases than get a page each, made of few by moving the limits."""

import json
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from ptmbench.analysis.gain import settled
from ptmbench.records.store import read_folders
from ptmbench.report.site import holdings, leaderboard
from ptmbench.report.site.case import groups_of
from ptmbench.report.site.holdings import entries_of
from sites import HOSTILE, PNG, changed, gone, looked_into, write

CASE = "resnet_tiny.glyphs-digits_5shot-linear_probe"


class Addresses(HTMLParser):
    """The addresses that a page leads to."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, _tag, attributes):
        self.found += [value for name, value in attributes if name == "href" and value]


@pytest.fixture
def limits(monkeypatch):
    """Limits that a site of few records passes."""
    monkeypatch.setattr(holdings, "MOST_PAGES", 3)
    monkeypatch.setattr(holdings, "A_PART", 4)
    monkeypatch.setattr(leaderboard, "AT_FIRST", 5)
    monkeypatch.setattr(leaderboard, "A_PART", 7)


@pytest.fixture
def large(limits, few, make_site, tmp_path):
    """Such a site, with a case of two folders, pictures, one that did not finish, and a hostile name."""
    place = tmp_path / "results"
    for record in few.values():
        write(place / "first", record)
    again = few[CASE]
    ran = again.provenance.model_copy(update={"started_at": "2026-12-01T00:00:00+00:00"})
    quality = again.quality.model_copy(update={"pictures": [PNG.sheet]})
    write(place / "second", looked_into(again.model_copy(update={"provenance": ran, "quality": quality}), 0.75))
    (place / "second" / "pictures").mkdir()
    (place / "second" / PNG.sheet.file).write_bytes(PNG.content)
    write(place / "second", gone(few["vgg_tiny.glyphs-digits_5shot-knn"], "failed", HOSTILE))
    write(place / "second", changed(few["resnet_tiny.waves-digits_5shot-knn"], name=HOSTILE, source=HOSTILE))
    return make_site(place.iterdir(), tmp_path / "site")


def value_of(path):
    """What a script of the site hands over."""
    return json.loads(path.read_text().partition(" = ")[2].rstrip(";\n"))


def cases_of(site):
    """What the parts hold, by address."""
    parts = {path.stem: value_of(path) for path in (site / "assets" / "cases").iterdir()}
    return {f"cases.html#{part}/{name}": case for part, found in parts.items() for name, case in found.items()}


def rows_of(site):
    """The rows of the leaderboard, from all of its parts."""
    board = value_of(site / "assets" / "data.js")
    rows = board["rows"]
    for number in range(1, board["parts"] + 1):
        rows += value_of(site / "assets" / f"data-{number}.js")
    return board, [dict(zip(board["fields"], row, strict=True)) for row in rows]


def test_no_case_is_lost_between_the_parts(large, few):
    """Every row of the leaderboard leads to a case in a part, and there are as many as there are records."""
    board, rows = rows_of(large)
    cases = cases_of(large)

    assert len(few) + 3 == len(rows) == board["total"] == len(cases)
    assert {row["page"] for row in rows} == set(cases)
    assert not (large / "cases").exists()


def test_a_page_loads_few_rows_at_first(large):
    """The first part has as many rows as the limit says, and says how many parts follow."""
    board = value_of(large / "assets" / "data.js")

    assert -(-(board["total"] - 5) // 7) == board["parts"]
    assert 5 == len(board["rows"])


def test_a_part_says_what_its_record_says(large, few):
    """The record stands there whole but for what charts hold; figures are written with their intervals."""
    case = next(case for address, case in cases_of(large).items() if address.endswith(f"first/{CASE}"))

    assert few[CASE].case.model_dump(mode="json") == case["record"]["case"]
    assert list(few[CASE].cost.latency_s.samples) == case["charts"]["latency"]["samples"]
    assert ["quality", "rank", "gain"] == [key for key, _, _ in case["headline"]][:3]
    assert case["command"].startswith("ptmbench run --model resnet_tiny.glyphs --task digits_5shot")
    assert [False, True] == sorted(run[-1] for run in case["runs"])


def test_links_of_other_pages_lead_to_cases(large):
    """A card's links hold the address of a case in its part."""
    known = cases_of(large)
    led = set()
    for page in (large / "models").iterdir():
        found = Addresses()
        found.feed(page.read_text())
        led |= {unquote(address.removeprefix("../")) for address in found.found if "cases" in address}

    assert led
    assert led <= set(known)


def test_a_smaller_site_leaves_nothing_of_a_larger_one(large, few, make_site, tmp_path, monkeypatch):
    """Built again with fewer cases, each has its page again, and the page of all cases is gone."""
    monkeypatch.setattr(holdings, "MOST_PAGES", 10**6)
    make_site((tmp_path / "results").iterdir(), large)

    assert not (large / "cases.html").exists()
    assert (large / "cases" / "first" / f"{CASE}.html").exists()
    assert not (large / "assets" / "cases").exists()


def test_an_address_keeps_what_leads_to_a_case(limits, few, tmp_path):
    """Cases of a site at the limit have pages, and one more gives all of them places in parts."""
    for record in list(few.values())[:4]:
        write(tmp_path, record)
    ((folder, records),) = read_folders([tmp_path])[0]
    whole = settled(records, folder.estimate)
    pages = [
        [entry.page.split("/")[0] for entry in entries_of(holdings.holdings([(folder, whole[:count])]))]
        for count in (3, 4)
    ]

    assert [["cases"] * 3, ["cases.html#0"] * 4] == pages


def shown(visit_site, site, address):
    """What the page of a case shows, as text, and how many charts it drew."""
    with visit_site(site) as visit:
        page = visit(address)
        page.wait_for_selector("#figures-heading")
        if page.locator(".plot").count():
            page.wait_for_selector(".plot .main-svg")
        return page.inner_text("main"), page.locator(".plot .main-svg").count()


def test_the_browser_shows_what_a_page_would(large, few, visit_site):
    """Names, verdict, charts and every figure of the record stand on the page of a case."""
    address = next(address for address in cases_of(large) if address.endswith(f"first/{CASE}"))
    text, charts = shown(visit_site, large, address)
    wanted = [
        figure.text
        for group in groups_of(few[CASE])
        for figure in group.figures
        if figure.text and group.title in {"Model", "Task", "Cost", "Gain over training from scratch"}
    ]

    missing = [figure for figure in wanted if figure not in text]

    assert [] == missing
    assert "All runs of this case" in text
    assert charts


def test_columns_that_were_asked_for_have_their_places(large, visit_site):
    """A membership attack is drawn, and probes by stage are listed, as on a page of its own."""
    address = next(address for address in cases_of(large) if address.endswith(f"second/{CASE}"))
    with visit_site(large) as visit:
        page = visit(address)
        page.wait_for_selector("#roc .main-svg")
        text = page.inner_text("main")

    assert "Stage by stage" in text
    assert "80.0" in text
    assert "75.00 %" in text


def test_hostile_words_are_words(large, visit_site):
    """What a record says in words is shown as it stands, and runs nowhere."""
    cases = cases_of(large)
    for address, case in cases.items():
        if HOSTILE in {case["record"]["case"]["model"]["name"], case["record"]["reason"]}:
            assert HOSTILE.replace("\u2028", "") in shown(visit_site, large, address)[0].replace("\u2028", "")


def test_all_rows_come_in(large, visit_site):
    """The leaderboard shows its first rows at once, and counts all of them once the parts are there."""
    total = rows_of(large)[0]["total"]
    with visit_site(large) as visit:
        page = visit("index.html")
        page.locator("#where").filter(has_text=f"of {total}").wait_for()
        summary = page.inner_text("#summary")

    assert "are loaded" not in summary


def test_charts_wait_for_all_rows(large, visit_site):
    """Charts offer the tasks of all parts."""
    with visit_site(large) as visit:
        page = visit("charts.html")
        page.wait_for_selector("#cost .main-svg")
        tasks = page.locator("form select[name=task] option").all_inner_texts()

    assert {"digits_5shot", "digits_20shot", "sentiment_50shot"} <= set(tasks)


def test_a_case_that_is_not_there_is_told(large, visit_site):
    """An address of another site says so instead of showing nothing."""
    with visit_site(large) as visit:
        page = visit("cases.html#0/nobody")
        page.wait_for_selector("#case .note")
        assert "nobody is not in this site." == page.inner_text("#case .note")
