"""What a run says while it goes on: how much there is to do, what each case reached, and how long it may still take."""

import threading
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Self

from ptmbench import stages
from ptmbench.records.record import Record
from ptmbench.terminal import log_text, log_words, shortened

QUIET_S = 30.0  # after so many seconds without a line the case that runs is named
WORTH_S = 30.0  # a run that is nearer to its end needs no forecast


def describe(record: Record, reused: bool) -> str:  # noqa: FBT001  two words for the same line
    """One line; `reused`: the record stands from before (a resume)."""
    if record.quality is None:
        return log_text(f"{record.case.id}  {record.status}: {shortened(record.reason or '')}")
    floor = "" if record.quality.floor is None else f"  floor {record.quality.floor:.3f}"
    took = "kept" if reused else f"{record.provenance.duration_s:.1f} s"
    return f"{log_words(f'{record.case.id}  {record.quality.metric}')} {record.quality.value:.3f}{floor}  {took}"


def about(seconds: float) -> str:
    """A length of time as roughly as a forecast knows it.

    Args:
        seconds: How long, in seconds.

    Returns:
        Text such as "50 s", "4 min" or "2.5 h".
    """
    if seconds < 90:
        return f"{seconds / 10:.0f}0 s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{minutes:.0f} min" if minutes < 20 else f"{5 * round(minutes / 5)} min"
    return f"{round(minutes / 30) / 2:g} h"


def opening(total_s: float | None, *, whole: bool) -> str:
    """What is said at the start of how long the run may take; empty where it is not worth a word.

    Args:
        total_s: Seconds that are expected; None where they are not known.
        whole: Whether the cost of every case is known; else the seconds are a lower bound.

    Returns:
        Text such as ", about 4 min" or ", at least 4 min".
    """
    if total_s is None or total_s < WORTH_S:
        return ""
    return f", {'about' if whole else 'at least'} {about(total_s)}"


def remaining(left_s: float) -> str:
    """How long the other cases may take; empty where it is not worth a word.

    Args:
        left_s: Seconds that are expected.

    Returns:
        Text such as "  about 3 min left".
    """
    return "" if left_s < WORTH_S else f"  about {about(left_s)} left"


class Watch(AbstractContextManager["Watch"]):
    """Names the cases that run whenever nothing was said for a while, so that a long case is no silence.

    `at_work` holds their names while they run.
    """

    def __init__(self, at_work: Collection[str], say: Callable[[str], None], quiet_s: float = QUIET_S) -> None:
        self.at_work = at_work
        self.say = say
        self.quiet_s = quiet_s
        self._step, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def step(self) -> None:
        """A line was written."""
        self._step.set()

    def _go(self) -> None:
        waited = 0.0
        while not self._end.is_set():
            if self._step.wait(self.quiet_s):
                self._step.clear()
                waited = 0.0
            elif names := [log_words(name) for name in tuple(self.at_work)]:
                waited += self.quiet_s
                doing = f" ({stages.HERE})" if stages.HERE.name and len(names) == 1 else ""
                running = f"{' and '.join(names)} {'has' if len(names) == 1 else 'have'} been running"
                self.say(f"... {running} for {waited:.0f} s{doing}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._step.set()
        self._thread.join()
