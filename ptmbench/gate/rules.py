"""What counts as a regression: `gate.toml`.

alarms = 0.01             # the chance that any `worse` is reported where nothing changed
resolution = 0.03         # a comparison of quality that would miss a drop of this size is inconclusive (beyond the
                          # tolerance, where that is as large)
must_find = 0.05          # fail where the quality of a model is compared so loosely that a drop of this size, in all of
                          # its cases, would be missed two times in ten or more; unset, such a gate passes and says so
fail_on = ["worse"]       # verdicts that end with exit code 1
compare = ["weights"]     # changes that are compared all the same, not told as `changed`

[tolerance]               # what may be lost: quality absolutely, the others as a share
quality = 0.005
time = 0.1

[noise."vgg_tiny.glyphs-digits_5shot-knn"]     # written by `ptmbench calibrate`
quality = 0.0             # standard deviation between launches
time = 0.02               # the same, of the logarithm
launches = 5
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ptmbench.errors import UsageError, near
from ptmbench.reading import text_of, toml_of

Verdict = Literal["worse", "better", "inconclusive", "changed", "missing", "same"]
Change = Literal["weights", "data", "hyperparameters", "input", "protocol"]
Share = Annotated[float, Field(ge=0, lt=1)]
Level = Annotated[float, Field(gt=0, lt=0.5)]
Spread = Annotated[float, Field(ge=0)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Tolerance(_Table):
    """What may be lost before it counts: of quality so much, of time and memory such a share."""

    quality: Share = 0.005
    time: Spread = 0.1
    train_time: Spread = 0.25
    memory: Spread = 0.01


class Noise(_Table):
    """How far launches of a case lie apart with nothing changed: standard deviations, of time that of its logarithm."""

    quality: Spread = 0.0
    time: Spread | None = None
    train_time: Spread | None = None
    launches: Annotated[int, Field(ge=2)]


class Rules(_Table):
    """All that a gate is told."""

    alarms: Level = 0.01
    resolution: Annotated[float, Field(gt=0, lt=1)] = 0.03
    must_find: Annotated[float, Field(gt=0, lt=1)] | None = None
    fail_on: tuple[Verdict, ...] = ("worse",)
    compare: tuple[Change, ...] = ()
    tolerance: Tolerance = Tolerance()
    noise: dict[str, Noise] = {}

    @property
    def asked(self) -> float:
        """The drop of quality that a comparison has to be able to find: what may be lost is not looked for."""
        beyond = self.tolerance.quality if self.tolerance.quality >= self.resolution else 0.0
        return beyond + self.resolution


def load_rules(path: Path) -> Rules:
    """Reads a gate.toml; raises `UsageError` with all its faults, and near names for what is mistyped."""
    try:
        content = toml_of(text_of(path))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:  # no TOML, or no UTF-8
        raise UsageError(f"{path} is not TOML: {error}") from None
    return checked_rules(content, f"{path} has faults")


def checked_rules(content: Mapping[str, Any], complaint: str) -> Rules:
    """Rules from what was said of them; raises `UsageError` with all faults, behind the complaint."""
    try:
        return Rules.model_validate(content)
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors())
        raise UsageError(f"{complaint}: {faults}") from None


def _fault(fault: Any) -> str:
    """One fault in words: where, what, and what may have been meant."""
    place = [str(part) for part in fault["loc"]]
    where = ".".join(place)
    if fault["type"] == "extra_forbidden":
        tables: dict[str, type[BaseModel]] = {"": Rules, "tolerance": Tolerance, "noise": Noise}
        known = tables["" if len(place) == 1 else place[0]].model_fields
        return f"{where} is not known: {near(place[-1], known)}"
    if fault["type"] == "literal_error":
        return f"{where}: {near(str(fault['input']), get_args(Verdict if place[0] == 'fail_on' else Change))}"
    return f"{where}: {fault['msg']}, got {fault['input']!r}"
