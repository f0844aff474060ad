"""What a run says while it goes on: how much there is to do, what each case reached, and how long it may still take."""

import threading
from collections.abc import Callable, Sequence
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


def remaining(done: int, total: int, elapsed_s: float) -> str:
    """How long the other cases may take, if they are like those that are done; empty where it is not worth a word.

    Args:
        done: Cases that ran; those kept from before say nothing of the others.
        total: All that were to run.
        elapsed_s: Seconds that they took.

    Returns:
        Text such as "  about 3 min left".
    """
    left = (total - done) * elapsed_s / done if done else 0.0
    if left < WORTH_S:
        return ""
    return f"  about {left / 60:.0f} min left" if left >= 90 else f"  about {left:.0f} s left"


class Watch(AbstractContextManager["Watch"]):
    """Names the case that runs whenever nothing was said for a while, so that a long case is no silence."""

    def __init__(self, names: Sequence[str], say: Callable[[str], None], quiet_s: float = QUIET_S) -> None:
        self.names = names
        self.say = say
        self.quiet_s = quiet_s
        self.done = 0
        self._step, self._end = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)

    def step(self) -> None:
        """A case is done, and a line was written."""
        self.done += 1
        self._step.set()

    def _go(self) -> None:
        waited = 0.0
        while not self._end.is_set():
            if self._step.wait(self.quiet_s):
                self._step.clear()
                waited = 0.0
            elif self.done < len(self.names):
                waited += self.quiet_s
                doing = f" ({stages.HERE})" if stages.HERE.name else ""
                self.say(f"... {log_words(self.names[self.done])} has been running for {waited:.0f} s{doing}")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end.set()
        self._step.set()
        self._thread.join()
