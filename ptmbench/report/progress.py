"""The live line of a case: what it reached, what it took."""

from ptmbench.records.record import Record


def describe(record: Record, reused: bool) -> str:  # noqa: FBT001  two words for the same line
    """One line; `reused`: the record stands from before (a resume)."""
    if record.quality is None:
        return f"{record.case.id}  {record.status}: {record.reason}"
    floor = "" if record.quality.floor is None else f"  floor {record.quality.floor:.3f}"
    took = "kept" if reused else f"{record.provenance.duration_s:.1f} s"
    return f"{record.case.id}  {record.quality.metric} {record.quality.value:.3f}{floor}  {took}"
