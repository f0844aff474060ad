"""What this process is at, in words: the engine says it, and marks and progress lines read it from other threads."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(slots=True)
class Stages:
    """The stage that goes on now, and how far it has come; `changed` is called whenever another stage begins."""

    name: str = ""
    detail: str = ""
    changed: list[Callable[[], None]] = field(default_factory=list)

    def at(self, name: str, detail: str = "") -> None:
        """Another stage begins, or the same one has come further."""
        before, self.name, self.detail = self.name, name, detail
        if name != before:
            for call in tuple(self.changed):
                call()

    def __str__(self) -> str:
        """For a line: "training, step 40 of 120"; empty where nothing was said."""
        return ", ".join(part for part in (self.name, self.detail) if part)


HERE = Stages()  # one a process: it works on one case at a time
