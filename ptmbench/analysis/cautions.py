"""What a reader of a table has to know of the inputs that its models got, from the records of its cases."""

from collections.abc import Iterable

from ptmbench.records.record import Record

SCORED = "score=validation"  # in the data set's reference
ON_VALIDATION = "scored on the validation part: where it says test, that part is meant, and the test part stays unread"


def cautions_of(records: Iterable[Record]) -> tuple[str, ...]:
    """One sentence a matter: a part that stands in another's place, and of each model how its inputs are odd."""
    return tuple(dict.fromkeys(line for record in records for line in (*_of_task(record), *_of_record(record))))


def _of_task(record: Record) -> list[str]:
    """What `test` means where answers are scored on another part."""
    return [ON_VALIDATION] if SCORED in record.case.task.dataset else []


def _of_record(record: Record) -> list[str]:
    inputs = record.case.input
    if inputs is None or record.case.model.is_control:  # which gets what its model gets
        return []
    name, known = record.case.model.name, inputs.preprocessing
    found = []
    share = known.get("unknown_share")
    if isinstance(share, float):
        found.append(f"{name}: its tokenizer does not know {100 * share:.0f} % of the tokens of these texts")
    if "own_cause" in known:
        found.append(
            f"{name}: pictures go through its own {known['processor']}, from which ptmbench's differs in "
            f"{known['own_cause']}"
        )
    if "preset" in known:
        sizes = (
            f"{known['resize']} px cut to {known['side']}" if "resize" in known else f"squashed to {known['side']} px"
        )
        found.append(
            f"{name}: pictures as in {known['preset']} ({sizes}, {known['interpolation']}); other settings: ?resize= "
            "?crop= ?interpolation= ?mean= ?std= ?channels="
        )
    return found
