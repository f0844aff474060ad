"""What pages ask of the installed package: reports know records alone, so the command line hands them the answers."""

import base64
from collections.abc import Callable
from dataclasses import dataclass

from ptmbench.records.case_record import ModelRecord
from ptmbench.report.site.pictures import Picture


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture that a model drew, and what is to be seen on it."""

    picture: Picture
    shows: str

    @property
    def inline(self) -> str:
        """The picture as an address that holds it, for pages that have no other file."""
        return f"data:image/png;base64,{base64.b64encode(self.picture.content or b'').decode()}"


@dataclass(frozen=True, slots=True)
class Installed:
    """The answers: whether a name alone names a model of this reference, and what a model draws (None: nothing)."""

    ships: Callable[[str], bool]
    drawn_by: Callable[[ModelRecord], Drawn | None]
