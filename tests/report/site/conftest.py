"""Sites to look at, and a browser to look with."""

import shutil
from contextlib import contextmanager
from functools import partial

import pytest

from ptmbench.analysis.gain import settled
from ptmbench.cli.installed import INSTALLED
from ptmbench.records.record import CorruptedValue, CurvePoint, Outcomes
from ptmbench.records.store import ResultsFolder, read_folders
from ptmbench.report.site.building import build
from sites import HOSTILE, PNG, QUICK, changed, gone, looked_into, write


@pytest.fixture(scope="session")
def few():
    """Committed records of two tasks, by case id."""
    folder = ResultsFolder(QUICK)
    return {
        path.stem: folder.read(path.stem)
        for task in ("digits_5shot", "digits_20shot", "sentiment_50shot")
        for path in sorted(QUICK.glob(f"*-{task}-*.json"))
    }


@pytest.fixture(scope="session")
def site(few, tmp_path_factory):
    """The site of two folders that share cases, one of them with unfinished cases and hostile strings."""
    place = tmp_path_factory.mktemp("results")
    for record in few.values():
        write(place / "first", record)
    again = few["resnet_tiny.glyphs-digits_5shot-linear_probe"]
    ran = again.provenance.model_copy(update={"started_at": "2026-12-01T00:00:00+00:00"})
    quality = again.quality.model_copy(
        update={
            "curve": [CurvePoint(seed=0, step=step, value=step / 100) for step in (10, 20, 40)],
            "corrupted": [
                CorruptedValue(corruption=name, severity=severity, value=0.9 - severity / 10)
                for name in ("noise", "blur")
                for severity in range(1, 6)
            ],
            "pictures": [PNG.sheet, Outcomes(file="../../../etc/passwd", sha256="0" * 64)],
        }
    )
    write(place / "second", looked_into(again.model_copy(update={"provenance": ran, "quality": quality}), 0.75))
    (place / "second" / "pictures").mkdir()
    (place / "second" / PNG.sheet.file).write_bytes(PNG.content)
    write(place / "second", gone(few["vgg_tiny.glyphs-digits_5shot-knn"], "failed", HOSTILE))
    hostile = few["resnet_tiny.waves-digits_5shot-knn"]
    write(place / "second", changed(hostile, name=HOSTILE, reference=f"file:{HOSTILE}", source=HOSTILE))
    return make(place.iterdir(), tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="session")
def make_site():
    """Builds a site of results folders."""
    return make


def make(folders, target):
    """The site of these results folders, built as the command does."""
    read, problems = read_folders(sorted(folders))
    assert [] == problems
    build([(folder, settled(records, folder.estimate)) for folder, records in read], target, INSTALLED)
    return target


@pytest.fixture(scope="session")
def chromium():
    """A headless browser; what needs one is skipped where there is none."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium on this machine: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox"])
        yield browser
        browser.close()


@contextmanager
def watched(chromium, place):
    """What opens pages of a site; afterwards nothing may have been complained of, asked for, or run."""
    complaints, contexts = [], []

    def open_page(address="index.html", **options):
        context = chromium.new_context(**({"viewport": {"width": 1280, "height": 900}} | options))
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: complaints.extend(outside(request.url)))
        name, _, state = address.partition("#")
        page.goto((place / name).as_uri() + (f"#{state}" if state else ""))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [] == complaints


@pytest.fixture
def visit(chromium, site):
    """Opens a page of the site, watched."""
    with watched(chromium, site) as open_page:
        yield open_page


@pytest.fixture
def visit_site(chromium):
    """Opens pages of any site, watched; a context manager of its folder."""
    return partial(watched, chromium)


def outside(url):
    """The address if it leads to the network."""
    return [] if url.startswith(("file:", "data:", "blob:")) else [url]
