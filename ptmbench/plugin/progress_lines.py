"""The line that a finished case writes while pytest runs."""

import pytest

from ptmbench.outlet import for_people
from ptmbench.plugin.hub_tier import LACKING


class ProgressLines:
    """Writes one line a finished case, as soon as it is finished."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.total = 0
        self.done = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learns how many cases there will be, those of the hub tier that are not on disk left out."""
        self.total = sum(not item.stash.get(LACKING, ()) for item in session.items)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Begins a new line, so that pytest's own last one is closed first."""
        line = getattr(report, "ptm_line", None)
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if line is None or report.when != "call" or reporter is None or self.config.get_verbosity() != 0:
            return
        self.done += 1
        colour = {"passed": {"green": True}, "skipped": {"yellow": True}}.get(report.outcome, {"red": True})
        reporter.write(f"\n[{self.done:{len(str(self.total))}}/{self.total}] ")
        reporter.write(f"{report.outcome.upper():7}", flush=True, **colour)
        reporter.write(f" {for_people(line)}", flush=True)
