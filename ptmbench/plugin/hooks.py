"""The pytest plugin: options `--ptm-...`, parametrisation by model, task and method, a progress line, the table.

A benchmark test asks for the fixtures `model`, `task`, `method` and `ptm_run`, and carries the marker
`ptm_kind(KIND)`, which parametrises it over the catalog's cases of that kind. Nothing here imports a framework before
the first case runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ptmbench.catalog.bounds import real, whole
from ptmbench.catalog.columns import COLUMNS_HELP
from ptmbench.catalog.selection import KIND_MARKER
from ptmbench.catalog.settings import BUDGET_HELP, TUNE_ON_HELP, RunSettings, check_settings
from ptmbench.catalog.spec import FULL, HUB_MARKER
from ptmbench.errors import PtmbenchError, RecordError, UsageError
from ptmbench.outlet import for_people
from ptmbench.plugin.hub_tier import LACKING, HubTier
from ptmbench.plugin.progress_lines import ProgressLines
from ptmbench.plugin.replay import replaying_clock, show_to_pytest_benchmark
from ptmbench.terminal import shortened, without_echo

if TYPE_CHECKING:
    from pytest_benchmark.fixture import BenchmarkFixture

    from ptmbench.catalog.entries import Entries
    from ptmbench.catalog.spec import Case
    from ptmbench.records.record import Record
    from ptmbench.running.session import Session

FLOORS_FILE = "floors.toml"
ENTRIES_FILE = "ptmbench.toml"
CHOOSING = ("--ptm-model", "--ptm-task", "--ptm-variant", "--ptm-method")
PARTS = ("model", "task", "method", "variant")  # of a case, by the names of their arguments
DISPLAY_OPTIONS = tuple(
    f"--benchmark-{name}" for name in ("group-by", "columns", "sort", "verbose", "compare", "histogram", "name")
)

TWO_POOLS = (
    "-n (pytest-xdist) would open a run of its own in each process, and both would write the same records: leave it "
    "out, ptmbench runs embedded cases side by side by itself; --ptm-jobs N says how many"
)

SETTINGS = pytest.StashKey[RunSettings]()
SESSION = pytest.StashKey["Session"]()
ENTRIES: pytest.StashKey[Entries] = pytest.StashKey()
SAMPLES = pytest.StashKey[list[float]]()
RECORD = pytest.StashKey["Record"]()
UNTIMED = pytest.StashKey["list[tuple[BenchmarkFixture, list[float], str]]"]()
KEPT = pytest.StashKey["tuple[list[Record], list[str]]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the options; each is prefixed, since a name that another plugin has would stop pytest at its start."""
    group = parser.getgroup("ptmbench", "ptmbench: benchmarks of pre-trained models")
    group.addoption("--ptm-results", metavar="DIR", help="results folder (default: one under ptmbench-results/)")
    group.addoption("--ptm-budget", default="quick", metavar="NAME", help=BUDGET_HELP)
    group.addoption("--ptm-seeds", type=whole, metavar="N", help="seeds for every case (default: the budget's)")
    group.addoption("--ptm-tune-on", default="draw", metavar="LABELS", help=TUNE_ON_HELP)
    group.addoption("--ptm-model", action="append", default=[], metavar="MODEL", help="name or reference; only these")
    group.addoption("--ptm-task", action="append", default=[], metavar="DATA", help="name or reference; only these")
    group.addoption(
        "--ptm-variant", action="append", default=[], metavar="V", help="full (default) or half; only these"
    )
    group.addoption("--ptm-method", action="append", default=[], metavar="NAME", help="name; only these")
    group.addoption("--ptm-skip-bad", action="store_true", help="leave out faulty examples of your data, and record it")
    group.addoption(
        "--ptm-corruptions", action="store_true", help="score corrupted test examples too: noise, typos, ..."
    )
    group.addoption("--ptm-columns", action="append", default=[], metavar="NAMES", help=COLUMNS_HELP)
    group.addoption("--ptm-resume", action="store_true", help="keep finished records, run what is missing or stale")
    group.addoption("--ptm-device", default="auto", metavar="NAME", help="auto (default), cpu, cuda or mps")
    group.addoption("--ptm-precision", default="auto", metavar="NAME", help="auto (default), fp32 or bf16")
    group.addoption("--ptm-threads", type=whole, metavar="N", help="CPU threads (default: 1 for embedded models)")
    group.addoption("--ptm-jobs", type=whole, metavar="N", help="cases side by side (default: what pays off)")
    group.addoption("--ptm-timeout", type=real, metavar="SECONDS", help="give a case up after so long")
    group.addoption("--ptm-floors", metavar="FILE", help="accuracy floors (default: floors.toml beside the benchmark)")


def pytest_configure(config: pytest.Config) -> None:
    """Checks the options at once and registers the marker."""
    config.addinivalue_line(
        "markers", f"{HUB_MARKER}(model, task): needs public weights or data; skipped where not on disk"
    )
    config.addinivalue_line("markers", f"{KIND_MARKER}(kind): parametrised over the catalog's cases of a task kind")
    config.pluginmanager.register(HubTier(), "ptmbench-hub")
    config.pluginmanager.register(ProgressLines(config), "ptmbench-progress")
    try:
        config.stash[SETTINGS] = check_settings(
            budget=config.getoption("--ptm-budget"),
            seeds=config.getoption("--ptm-seeds"),
            device=config.getoption("--ptm-device"),
            precision=config.getoption("--ptm-precision"),
            threads=config.getoption("--ptm-threads"),
            timeout_s=config.getoption("--ptm-timeout"),
            measures_latency=not config.getoption("--benchmark-disable", default=True),
            skip_bad=config.getoption("--ptm-skip-bad"),
            corruptions=config.getoption("--ptm-corruptions"),
            jobs=config.getoption("--ptm-jobs"),
            tune_on=config.getoption("--ptm-tune-on"),
            columns=config.getoption("--ptm-columns"),
        )
        if any(config.getoption(name) for name in CHOOSING) or Path(ENTRIES_FILE).exists():
            _entries(config)
    except UsageError as error:
        said = without_echo(str(error), config.invocation_params.args)
        raise pytest.UsageError(for_people(said)) from None


def _entries(config: pytest.Config) -> Entries:
    """Models and tasks of this run, made when first asked for: other test suites have none, and pay nothing."""
    from ptmbench.catalog.entries import entries_of

    if ENTRIES not in config.stash:
        models, tasks, variants, methods = map(config.getoption, CHOOSING)
        config.stash[ENTRIES] = entries_of(models, tasks, variants=variants, methods=methods)
    return config.stash[ENTRIES]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrises a marked test by three strings, so that ids and groups are readable."""
    marker = metafunc.definition.get_closest_marker(KIND_MARKER)
    if marker is None:
        return
    from ptmbench.catalog.traits import TaskKind

    cases = _entries(metafunc.config).cases(TaskKind(*marker.args))
    names = [name for name in PARTS if name in metafunc.fixturenames]
    if "variant" not in names and any(case.variant != FULL for case in cases):
        lacking = f"{metafunc.function.__name__} has no argument `variant`: add it, and hand it to ptm_run"
        raise pytest.UsageError(for_people(f"--ptm-variant: {lacking}"))
    metafunc.parametrize(",".join(names), [_parameters(case, names) for case in cases])


def _parameters(case: Case, names: Sequence[str]) -> object:
    """The strings of a case under its id; a case of the hub tier has a marker, so that `-m` can select it."""
    from ptmbench.catalog.presence import hub_parts

    parts = hub_parts(case)
    marks = [getattr(pytest.mark, HUB_MARKER)(*parts)] if any(parts) else []
    return pytest.param(*(getattr(case, name).name for name in names), id=case.id, marks=marks)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Takes out the placeholders of benchmarks for which the options leave no case."""
    items[:] = [item for item in items if not (item.get_closest_marker(KIND_MARKER) and not _named(item))]


def _named(item: pytest.Item) -> bool:
    """Whether the item is a case: pytest makes one without names of an empty list."""
    return isinstance(getattr(item, "callspec", None) and item.callspec.params.get("model"), str)  # type: ignore[attr-defined]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Gives pytest-benchmark a clock that can be set to the samples which the engine measured."""
    if item.get_closest_marker(KIND_MARKER):
        item.stash[SAMPLES] = []
        item.add_marker(pytest.mark.benchmark(timer=replaying_clock(item.stash[SAMPLES])))


def _make_session(config: pytest.Config, beside: Path) -> Session:
    from ptmbench.running.floors import load_floors
    from ptmbench.running.session import Session

    given, results = config.getoption("--ptm-floors"), config.getoption("--ptm-results")
    floors = Path(given) if given else beside / FLOORS_FILE
    return Session(
        settings=config.stash[SETTINGS],
        folder=Path(results) if results else None,
        floors=load_floors(floors) if given or floors.exists() else None,
        resume=config.getoption("--ptm-resume"),
    )


@pytest.fixture(scope="session")
def ptm_session(request: pytest.FixtureRequest) -> Generator[Session]:
    """The run that all cases of this pytest session share; where cases run side by side, ahead of the tests."""
    from ptmbench.running.signals import ended_like_ctrl_c

    ours = [item for item in request.session.items if item.get_closest_marker(KIND_MARKER)]
    try:
        session = _make_session(request.config, ours[0].path.parent)
        session.plan([_case_of(item) for item in ours if _will_run(item)])
        _ = session.store
    except PtmbenchError as error:
        pytest.exit(for_people(str(error)), returncode=pytest.ExitCode.USAGE_ERROR)
    request.config.stash[SESSION], request.config.stash[UNTIMED] = session, []
    with session, ended_like_ctrl_c(), session.running_ahead(session.planned()):
        yield session


def _case_of(item: pytest.Item) -> Case:
    """The case that a benchmark test is parametrised with."""
    params = item.callspec.params  # type: ignore[attr-defined]  # there by `pytest_generate_tests`
    return _entries(item.config).find(*(params[name] for name in PARTS if name in params))


def _will_run(item: pytest.Item) -> bool:
    """Whether nothing is known yet that would skip the test."""
    return not item.stash.get(LACKING, ()) and item.get_closest_marker("skip") is None


@pytest.fixture
def ptm_run(request: pytest.FixtureRequest, ptm_session: Session, benchmark: BenchmarkFixture) -> Callable[..., Record]:
    """Runs the case of (model, task, method, variant="full") and returns its record; skips where it cannot run here."""
    from ptmbench.running.quiet_phase import waits

    def run(model: str, task: str, method: str, variant: str = FULL.name) -> Record:
        benchmark.skipped = True  # until there are samples: a case that fails has none to show
        try:
            record = ptm_session.run(_entries(request.config).find(model, task, method, variant))
        except UsageError as error:
            pytest.fail(for_people(str(error)), pytrace=False)
        except PtmbenchError as error:
            pytest.exit(for_people(str(error)), returncode=pytest.ExitCode.USAGE_ERROR)
        request.node.stash[RECORD] = record
        if record.status == "skipped":
            pytest.skip(for_people(shortened(record.reason or "")))
        samples = request.node.stash[SAMPLES]
        if not show_to_pytest_benchmark(benchmark, samples, record) and waits(record):
            request.config.stash[UNTIMED].append((benchmark, samples, record.case.id))
        return record

    return run


@pytest.fixture
def ptm_complaint(ptm_session: Session) -> Callable[[Record], str | None]:
    """What is wrong with a record's floor: missing or not met; None at budgets that assert no floors."""
    from ptmbench.running.floors import complaint

    def ask(record: Record) -> str | None:
        if not ptm_session.settings.budget.asserts_floors:
            return None
        return complaint(record, ptm_session.floors.name if ptm_session.floors else FLOORS_FILE)

    return ask


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attaches the progress line to the report, where `pytest_report_teststatus` finds it."""
    report = yield
    if call.when == "call" and RECORD in item.stash:
        from ptmbench.report.progress import describe

        session, record = item.config.stash[SESSION], item.stash[RECORD]
        report.ptm_line = describe(record, record.case.id in session.reused)  # type: ignore[attr-defined]
        if not record.cost or not record.cost.latency_s:  # pytest-benchmark warns of fixtures that were not used
            item.funcargs["benchmark"].skipped = True  # type: ignore[attr-defined]  # a function's item has them
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
    """Takes the dot away from a case that has a line of its own; `-q` keeps the dots, `-v` pytest's own lines."""
    if report.when != "call" or not hasattr(report, "ptm_line") or config.get_verbosity() != 0:
        return None
    return report.outcome, "", ""


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuses benchmarks under pytest-xdist, and leaves pytest-benchmark's table out of a run of ours."""
    ours = [bool(item.get_closest_marker(KIND_MARKER)) for item in session.items]
    if any(ours) and hasattr(session.config, "workerinput"):  # a process of pytest-xdist
        session.shouldfail = TWO_POOLS  # xdist shows it once, whatever the number of its processes
        raise session.Failed(TWO_POOLS)
    if all(ours):
        _leave_out_the_table(session.config)


def _leave_out_the_table(config: pytest.Config) -> None:
    """Leaves pytest-benchmark's table out, unless one of its display options asks for it.

    It would repeat the latency of each architecture hundreds of times; `--benchmark-json` and `--benchmark-compare`
    are not touched.
    """
    shown = any(str(argument).startswith(DISPLAY_OPTIONS) for argument in config.invocation_params.args)
    pytest_benchmark = getattr(config, "_benchmarksession", None)
    if not shown and pytest_benchmark is not None:
        pytest_benchmark.quiet = True


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> Generator[None]:
    """Measures what waited for it and fills in the gains, before pytest-benchmark writes what it has.

    A run whose records are gone or cannot be written ends with the exit code of an error.
    """
    ran = session.config.stash.get(SESSION, None)
    if ran is not None:
        try:
            if exitstatus != pytest.ExitCode.INTERRUPTED:
                _time_networks(session.config, ran)
            session.config.stash[KEPT] = ran.finish()
        except PtmbenchError as error:
            session.config.stash[KEPT] = [], [str(error)]
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
    yield


def _time_networks(config: pytest.Config, session: Session) -> None:
    """Measures the latencies that waited for a quiet machine, and shows them to pytest-benchmark."""
    reporter = config.pluginmanager.getplugin("terminalreporter")

    def tell(told: str) -> None:
        if reporter is not None:
            reporter.ensure_newline()
            reporter.write_line(for_people(told))

    session.time_networks(tell)
    for benchmark, samples, case_id in config.stash[UNTIMED]:
        with suppress(RecordError):  # what is wrong with it is told where all records are read
            record = session.store.read(case_id)
            if record is not None:
                show_to_pytest_benchmark(benchmark, samples, record)


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Prints the comparison tables of what this session ran."""
    session = config.stash.get(SESSION, None)
    if session is None:
        return
    from ptmbench.report.summary import end_of_run

    records, problems = config.stash.get(KEPT, ([], []))
    ran = set(session.finished)
    shown = [record for record in records if record.case.id in ran]
    if not shown and not problems:
        return
    terminalreporter.section("ptmbench", sep="=")
    if shown:
        tables = end_of_run(shown, session.store.estimate, colour=terminalreporter.hasmarkup)
        terminalreporter.write_line(for_people(tables, styled=True))
    for problem in problems:
        terminalreporter.write_line(for_people(f"warning: {problem}"), yellow=True)
    if shown:
        where = f"{len(shown)} records in {session.store.path}; render them: ptmbench report DIR"
        terminalreporter.write_line(for_people(where))
