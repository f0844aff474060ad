"""Tests of the site in a headless browser: whoever opens a page checks its console and what it asks for, too."""

import re
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest
from axe_playwright_python.sync_playwright import Axe

CASE = "cases/first/resnet_tiny.glyphs-digits_5shot-linear_probe.html"
RICH = "cases/second/resnet_tiny.glyphs-digits_5shot-linear_probe.html"
CARD = "models/resnet_tiny.glyphs.html"
PAGES = ["index.html", "models.html", CARD, "charts.html", "tables.html", "history.html", CASE, RICH]


def rows(page):
    """The cells of the leaderboard as texts."""
    page.wait_for_selector("#board tbody tr")
    return page.eval_on_selector_all(
        "#board tbody tr", "rows => rows.map(row => [...row.cells].map(c => c.textContent))"
    )


def until(page, expression):
    """Asks until it is true; a wait inside the page would evaluate text, which the page's own policy forbids."""
    for _ in range(400):  # twenty seconds: a busy machine draws slowly
        if page.evaluate(expression):
            return
        page.wait_for_timeout(50)
    raise AssertionError(expression)


def control(page, name):
    """A select by its name."""
    return page.locator(f"select[name={name}]")


def heading(page, name):
    """The button that sorts by a column."""
    return page.locator("#board thead").get_by_role("button", name=name, exact=True)


def quality(row):
    """The figure in a row's column of quality."""
    return float(row[4].split()[0])


def test_sorting_turns_round_and_back(visit):
    """A click on a heading sorts with the best first, a second one turns the order round, a third one ends it."""
    page = visit("index.html#task=digits_5shot&status=ok&family=supervised")
    before = rows(page)

    heading(page, "Quality %").click()
    page.wait_for_selector("[aria-sort=descending]")
    falling = [quality(row) for row in rows(page)]
    heading(page, "Quality %").click()
    page.wait_for_selector("[aria-sort=ascending]")
    rising = [quality(row) for row in rows(page)]
    heading(page, "Quality %").click()
    until(page, "!document.querySelector('[aria-sort]')")

    assert sorted(falling, reverse=True) == falling
    assert sorted(falling) == rising
    assert before == rows(page)


def test_unfinished_cases_stand_last_whatever_the_order(visit):
    """A case without a figure stays below those that have one, in both directions, and says why."""
    for order in ("value", "-value"):
        found = rows(visit(f"index.html#task=digits_5shot&method=knn&sort={order}"))
        assert "failed" in " ".join(found[-1])
        assert "alert(1)" in " ".join(found[-1])


def test_filters_narrow_and_say_how_much(visit):
    """Filters leave what fits them, and the coverage of it is told."""
    page = visit()

    control(page, "task").select_option("digits_5shot")
    control(page, "method").select_option("linear_probe")
    page.get_by_label("Model", exact=True).fill("vgg")
    until(page, "document.querySelectorAll('#board tbody tr').length === 2")

    assert {("digits_5shot", "linear_probe")} == {(row[2], row[3]) for row in rows(page)}
    assert "2 of 2 cases finished" in page.locator("#summary").inner_text()


def test_an_address_is_a_view(visit):
    """Filters, order and columns come from the address, and an address that is nonsense shows what there is."""
    page = visit("index.html#method=knn&sort=-value&columns=model.value.machine")
    assert ["Model", "Quality %", "Machine"] == page.locator("#board thead th").all_inner_texts()
    assert {"knn"} == {control(page, "method").input_value()}

    assert rows(visit("index.html#page=-7&sort=nothing&columns=nothing"))


def test_back_and_forward_go_through_the_views(visit):
    """The browser's back button undoes a filter, forward does it again."""
    page = visit()
    all_rows = len(rows(page))
    control(page, "method").select_option("knn")
    until(page, f"document.querySelectorAll('#board tbody tr').length < {all_rows}")
    some = len(rows(page))

    page.go_back()
    until(page, f"document.querySelectorAll('#board tbody tr').length === {all_rows}")
    assert control(page, "method").input_value() == ""
    page.go_forward()
    until(page, f"document.querySelectorAll('#board tbody tr').length === {some}")


def test_many_rows_are_paged(visit):
    """Fifty rows stand on a page, and the next one holds the others."""
    page = visit()
    first = rows(page)

    page.get_by_role("button", name="Next").click()
    until(page, "location.hash.includes('page=2')")
    until(page, "document.getElementById('back').disabled === false")

    assert len(first) == 50
    assert not [row for row in rows(page) if row in first]


def test_a_reader_chooses_columns(visit):
    """A box that is ticked adds its column."""
    page = visit()
    page.get_by_text("Columns", exact=True).click()

    page.get_by_label("Machine").check()
    until(page, "location.hash.includes('machine')")

    until(page, "document.querySelector('#board thead').textContent.includes('Machine')")


def test_the_keyboard_alone_suffices(visit):
    """Tab reaches filters, headings and rows; Enter sorts and opens a case; the focus can be seen."""
    page = visit("index.html#task=digits_5shot")
    rows(page)
    seen = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim().slice(0, 40)"))
        if seen[-1] == "Quality %":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    page.keyboard.press("Enter")
    page.wait_for_selector("[aria-sort=descending]")
    kept = page.evaluate("document.activeElement.textContent")
    while page.evaluate("document.activeElement.tagName") != "A":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/cases/"))

    assert seen[-1] == "Quality %"
    assert outline == "solid"
    assert kept == "Quality %"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_serious(visit, address, scheme):
    """axe-core finds no serious and no critical fault, contrast included, in light and in dark."""
    page = visit(address, color_scheme=scheme)
    page.wait_for_timeout(300)

    found = Axe().run(page, options={"preload": False}).response["violations"]

    assert [] == [
        (fault["id"], fault["nodes"][0]["html"]) for fault in found if fault["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("address", PAGES)
def test_a_phone_shows_pages_whole(visit, address):
    """At 360 pixels no page scrolls sideways: wide tables scroll by themselves."""
    page = visit(address, viewport={"width": 360, "height": 740})
    page.wait_for_timeout(300)

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_dark_mode_is_dark(visit):
    """Page and charts follow the reader's colour scheme, also when it changes."""
    page = visit("charts.html", color_scheme="dark")
    page.wait_for_selector("#cost .main-svg")
    dark = page.evaluate("getComputedStyle(document.querySelector('#cost .main-svg')).backgroundColor")
    page.emulate_media(color_scheme="light")
    until(page, "getComputedStyle(document.querySelector('#cost .main-svg')).backgroundColor === 'rgb(255, 255, 255)'")

    assert dark == "rgb(20, 23, 27)"


def test_charts_follow_the_choice(visit):
    """Task and axes are in the address, and charts without figures say why they are empty."""
    page = visit("charts.html#task=digits_5shot")
    page.wait_for_selector("#cost .main-svg")
    control(page, "x").select_option("parameters")
    until(page, "location.hash.includes('x=parameters')")
    control(page, "task").select_option("sentiment_50shot")
    until(page, "location.hash.includes('sentiment_50shot')")

    assert "parameters" in page.locator("#cost").inner_text()
    assert "bert_tiny" in page.locator("#gain").inner_text()
    assert "No case of this task was watched" in page.locator("#curve-empty").inner_text()
    page.go_back()
    until(page, "document.querySelector('select[name=task]').value === 'digits_5shot'")


def test_hovering_names_the_case(visit):
    """A mark that is pointed at shows model, method and figures."""
    page = visit("charts.html#task=digits_5shot")
    page.wait_for_selector("#gain .main-svg .point")
    page.locator("#gain").scroll_into_view_if_needed()

    page.evaluate("Plotly.Fx.hover('gain', [{curveNumber: 0, pointNumber: 0}])")
    page.wait_for_selector("#gain .hovertext")

    assert re.search(r"_tiny.*quality [\d.]+ %.*gain", page.locator("#gain .hovertext").first.text_content())


def test_hostile_strings_do_not_run(visit):
    """A name that holds a script is shown as it is, on the leaderboard, in charts, in tables and on its page."""
    page = visit("index.html#model=onerror&columns=model.source.folder")
    assert "onerror=alert(1)" in rows(page)[0][0]

    page.locator("#board tbody a").first.click()
    page.wait_for_url(re.compile("/cases/"))
    assert "onerror=alert(1)" in page.locator("h1").inner_text()
    assert page.evaluate("document.querySelectorAll('img[src=x], main script:not([type])').length") == 0

    chart = visit("charts.html#task=digits_5shot&method=knn")
    chart.wait_for_selector("#gain .main-svg")
    chart.wait_for_timeout(300)
    assert chart.evaluate("document.querySelectorAll('img[src=x]').length") == 0


def test_a_case_shows_its_charts_and_pictures(visit):
    """Every chart that there are figures for is drawn; a picture is shown, one that leads out of the folder is not."""
    page = visit(RICH)
    for name in ("latency", "curve", "corrupted", "roc", "history"):
        page.wait_for_selector(f"#{name} .main-svg")

    assert page.evaluate("document.querySelector('figure img').naturalWidth") == 64
    assert "lies outside the results folder" in page.locator("main").inner_text()


def test_every_link_of_a_page_leads_to_a_file(visit):
    """Links between pages are relative and lead somewhere."""
    for address in PAGES:
        page = visit(address)
        for link in page.eval_on_selector_all("a[href], link[rel=stylesheet]", "links => links.map(link => link.href)"):
            assert Path(url2pathname(urlsplit(link).path)).exists(), (address, link)
