"""Cases of the hub tier in pytest: skipped where their weights or data are not on disk, and told in one line."""

from collections.abc import Generator
from typing import Any

import pytest

from ptmbench.catalog.spec import HUB_MARKER
from ptmbench.outlet import for_people

LACKING = pytest.StashKey[tuple[str, ...]]()  # what a case lacks; nothing: it can run


class HubTier:
    """Skips what cannot run before anything is set up for it. At most a line a case with `-v`, one in all without."""

    def __init__(self) -> None:
        self.left_out: list[tuple[str, ...]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Looks up what each case of the tier lacks."""
        items = [item for item in session.items if item.get_closest_marker(HUB_MARKER)]
        if not items:
            return
        from ptmbench.catalog.presence import lacking

        for item in items:
            item.stash[LACKING] = lacking(*next(item.iter_markers(HUB_MARKER)).args)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skips a case that lacks something, and names the command that fetches it."""
        missing = item.stash.get(LACKING, ())
        if missing:
            from ptmbench.catalog.presence import how_to_fetch

            self.left_out.append(missing)
            pytest.skip(for_people(f"not on disk: {how_to_fetch(missing)}"))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Marks the reports of such a case, so that they can be kept quiet."""
        report = yield
        if item.stash.get(LACKING, ()):
            report.ptm_lacking = True  # type: ignore[attr-defined]
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport, config: pytest.Config) -> tuple[str, str, str] | None:
        """Counts the case as skipped and prints no letter for it."""
        if not getattr(report, "ptm_lacking", False) or config.get_verbosity() > 0:
            return None
        return ("skipped" if report.skipped else "", "", "")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None, None, None]:
        """One line on all that was left out, below everything else."""
        yield
        if self.left_out:
            from ptmbench.catalog.presence import hub_summary

            terminalreporter.write_line(for_people(hub_summary(self.left_out)))
