"""What picklescan, where it is installed, says of a file of weights: a second opinion beside our own list of names.

It reads opcodes and runs nothing. What it does not know it calls suspicious; what it knows to be harmful, dangerous.
"""

import importlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ptmbench.errors import listed


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    """Names that a pickle would call, as picklescan ranks them; `unread` where it could not read to the end."""

    dangerous: tuple[str, ...]
    suspicious: tuple[str, ...]
    unread: bool

    def told(self) -> str:
        """It in a line."""
        found = [
            f"{level}: {listed(names)}"
            for level, names in (("dangerous", self.dangerous), ("suspicious", self.suspicious))
            if names
        ]
        if self.unread and not found:
            return "picklescan cannot read it"
        said = "; ".join(found) or "nothing dangerous or suspicious"
        return f"picklescan finds {said}{', and cannot read all of it' if self.unread else ''}"


def second_opinion(file: Path) -> SecondOpinion | None:
    """What picklescan says of a file; None where it is not installed."""
    try:
        scanner: Any = importlib.import_module("picklescan.scanner")
    except ImportError:
        return None
    log = logging.getLogger("picklescan")
    before, log.disabled = log.disabled, True  # it writes what it finds to standard error itself
    try:
        found = scanner.scan_file_path(str(file))
    except Exception:  # noqa: BLE001  a file that it cannot read is one that it has no opinion on
        return SecondOpinion((), (), unread=True)
    finally:
        log.disabled = before
    ranked = {
        level: tuple(sorted(f"{name.module}.{name.name}" for name in found.globals if name.safety.value == level))
        for level in ("dangerous", "suspicious")
    }
    return SecondOpinion(ranked["dangerous"], ranked["suspicious"], unread=bool(found.scan_err))
