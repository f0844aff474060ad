"""Tests of the page of histories, on a site of twelve nights."""

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from ptmbench.records.store import ResultsFolder
from ptmbench.report.site.holdings import entries_of, holdings
from ptmbench.report.site.timeline import Timelines, step_rows, timeline_data
from runs import CASE, committed, nightly, run
from sites import HOSTILE

KNN = "vgg_tiny.glyphs-digits_5shot-knn"


@pytest.fixture(scope="module")
def place(tmp_path_factory, make_site):
    """A site of two cases over twelve nights: operations double at the fourth, latency rises at the ninth."""
    home = tmp_path_factory.mktemp("nights")
    for case in (CASE, KNN):
        record = committed(case)
        nightly(home, [
            run(
                record, day, macs=100 if day < 3 or case == KNN else 200,
                p50=1e-3 * (1 + (day >= 8)) + 1e-5 * (day % 3),
                commit=HOSTILE if day == 11 else f"{day:012x}",
            )
            for day in range(12)
        ])  # fmt: skip
    return make_site(home.iterdir(), tmp_path_factory.mktemp("site"))


@pytest.fixture
def look(visit_site, place):
    """Opens a page of that site once its chart is there."""
    with visit_site(place) as open_page:

        def open_drawn(address="history.html", **options):
            page = open_page(address, **options)
            page.wait_for_selector(".main-svg", timeout=20_000)
            return page

        yield open_drawn


def chosen(page, name):
    """The value of a select."""
    return page.locator(f"select[name={name}]").input_value()


def test_steps_are_listed_with_their_commits(few, tmp_path):
    """The table has every step of every metric, the worst first, with the runs around it."""
    record = few[CASE]
    held = holdings(
        [(ResultsFolder(tmp_path / f"{day}"), [run(record, day, macs=100 + (day > 2))]) for day in range(6)]
    )

    timelines = Timelines.of(entries_of(held))
    (row,) = step_rows(timelines)

    assert ("macs", "100", "101", "+1.0 %", "worse") == (row.metric, row.before, row.after, row.change, row.direction)
    assert "000000000002..000000000003" == row.commits
    assert f"cases/3/{CASE}.html" == row.page


def test_data_and_levels_fit(few, tmp_path):
    """Each history has as many figures as times, and its levels cover all runs without a gap."""
    record = few[CASE]
    runs = [run(record, day, quality=0.9 - 0.3 * (day > 5)) for day in range(12)]
    held = holdings([(ResultsFolder(tmp_path / f"{day}"), [one]) for day, one in enumerate(runs)])

    data = timeline_data(Timelines.of(entries_of(held)))

    assert [CASE, "quality", "quick, cpu, fp32", ""] == data["first"]
    for one in data["series"]:
        runs = data["runs"][one["runs"]]
        assert len(one["at"]) == len(one["y"])
        assert sorted(runs["x"]) == [runs["x"][place] for place in one["at"]]
        ends = [last for _, last, _ in one["levels"]]
        assert [0, *(end + 1 for end in ends[:-1])] == [first for first, _, _ in one["levels"]]
        assert len(one["y"]) - 1 == ends[-1]
    (quality,) = (one for one in data["series"] if one["metric"] == "quality")
    assert [[0, 5, 0.9], [6, 11, pytest.approx(0.6)]] == quality["levels"]


def test_one_folder_has_no_history(few, tmp_path, make_site):
    """A site of a single run says what a history takes, and loads no chart."""
    nightly(tmp_path / "nights", [few[CASE]])

    page = (make_site((tmp_path / "nights").iterdir(), tmp_path / "site") / "history.html").read_text()

    assert "it takes two results folders or more" in page
    assert "plotly" not in page


def test_the_address_holds_the_choice(look):
    """The worst step is shown first; a choice is in the address, the back button undoes it, nonsense gives way."""
    page = look()
    assert (CASE, "macs") == (chosen(page, "case"), chosen(page, "metric"))
    assert "worse: 100 to 200 (+100.0 %)" in page.locator("#timeline-steps").inner_text()

    page.locator("select[name=metric]").select_option("latency_p50_s")
    page.wait_for_url(re.compile("metric=latency_p50_s"))
    assert "latency p50, ms" in page.locator("#timeline").inner_text()
    page.go_back()
    page.wait_for_timeout(200)
    assert "macs" == chosen(page, "metric")

    assert {CASE, KNN} >= {chosen(look("history.html#case=none&metric=none&machine=none"), "case")}


def test_a_row_leads_to_its_chart_and_its_case(look):
    """A step's metric links to the chart, and its case to the page of the first run after it."""
    page = look()
    row = page.locator("tbody tr", has_text=KNN).filter(has_text="latency p50").first
    row.get_by_role("link", name="latency p50").click()
    page.wait_for_timeout(300)
    assert (KNN, "latency_p50_s") == (chosen(page, "case"), chosen(page, "metric"))

    row.get_by_role("link", name=KNN).click()
    page.wait_for_url(re.compile("/cases/night-08/"))


def test_every_link_leads_to_a_file(look, place):
    """Case pages of all steps are there."""
    page = look()

    for link in page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))"):
        assert link.startswith("#") or Path(place / link.partition("#")[0]).exists(), link


def test_the_keyboard_changes_the_chart(look):
    """Tab reaches the choices, arrows change them."""
    page = look()
    page.locator("select[name=case]").focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_url(re.compile("case="))

    assert KNN == chosen(page, "case")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 360])
def test_axe_finds_nothing_serious_with_content(look, scheme, width):
    """With steps on it the page has no serious fault, and does not scroll sideways on a phone."""
    page = look(color_scheme=scheme, viewport={"width": width, "height": 800})

    found = Axe().run(page, options={"preload": False}).response["violations"]

    assert [] == [
        (fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")
    ]
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_hostile_commits_are_text(look):
    """What a record calls its commit stands as it is, in the chart too."""
    page = look("history.html#metric=quality")
    page.evaluate("Plotly.Fx.hover('timeline', [{curveNumber: 0, pointNumber: 11}])")
    page.wait_for_selector("#timeline .hovertext")

    assert "</script>" in page.locator("#timeline .hovertext").first.text_content()


def test_case_pages_mark_the_steps_of_their_quality(few, make_site, chromium, tmp_path):
    """The chart of a case's runs has a line where its quality stepped."""
    runs = [run(few[CASE], day, quality=0.9 - 0.4 * (day > 5)) for day in range(12)]
    nightly(tmp_path / "nights", runs)
    site = make_site((tmp_path / "nights").iterdir(), tmp_path / "site")

    page = chromium.new_context().new_page()
    page.goto((site / "cases" / "night-03" / f"{CASE}.html").as_uri())
    page.wait_for_selector("#history .main-svg", timeout=20_000)

    assert 1 == page.locator("#history .shapelayer path").count()
    page.context.close()
