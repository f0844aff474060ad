"""What the parts of records have in common: frozen, nothing beside their fields, no value that is not finite."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Interval = tuple[float, float]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]
Seconds = Annotated[float, Field(ge=0)]
Scalar = bool | int | float | str


class RecordPart(BaseModel):
    """A part of a record."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, ser_json_inf_nan="constants")
