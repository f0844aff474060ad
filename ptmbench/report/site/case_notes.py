"""What a reader of one case has to know beside its figures, as sentences of its page."""

from collections.abc import Iterator

from ptmbench.analysis.case_rows import CaseRow
from ptmbench.analysis.shared_seeds import SharedSeeds
from ptmbench.records.case_record import TaskRecord
from ptmbench.records.figures import by_name
from ptmbench.records.record import Record, chance_of
from ptmbench.records.trust_record import AttributionRecord
from ptmbench.report.figures import MARKS, ONE_SEED, mark_of_row


def case_notes(record: Record, row: CaseRow) -> list[str]:
    """What quality and gain rest on, what no skill would reach, and what tuning on more labels would have given.

    Args:
        record: A case; one that did not finish has nothing to note.
        row: Its row in its table.

    Returns:
        Sentences in plain words, with percent and numbers of seeds and examples.
    """
    return list(_notes(record, row)) if record.quality else []


def _notes(record: Record, row: CaseRow) -> Iterator[str]:
    if sizes := _sizes(record.case.task):
        yield sizes
    if reached := _without_skill(record, row):
        yield reached
    if record.gain and row.shared:
        yield _difference(row.shared, record.gain.partner_id)
    if ONE_SEED in mark_of_row("quality", row) + mark_of_row("gain", row):
        yield f"{MARKS[ONE_SEED][3:].capitalize()}."
    if record.attribution is not None:
        yield _explained(record.attribution)
    if (told := by_name("tuned_on_validation").read(record)) is not None and row.value is not None:
        yield (
            f"Few labels chose their own value here. Had the whole validation split "
            f"({record.case.task.validation_size} examples) chosen it, the same draws would have reached "
            f"{_percent(told)} ({100 * (told - row.value):+z.1f} points): what more labels are worth for tuning. No "
            "other figure rests on it."
        )


def _sizes(task: TaskRecord) -> str:
    parts = {"training": task.train_size, "validation": task.validation_size, "test": task.test_size}
    known = [f"{size} {part}" for part, size in parts.items() if size is not None]
    return f"Examples: {', '.join(known)}." if known else ""


def _without_skill(record: Record, row: CaseRow) -> str:
    """What guessing and a constant answer reach; macro-F1, which neither flatters, beside them."""
    chance, majority = chance_of(record.case.task), record.case.task.balance.get("majority")
    known = {"guessing": chance, "always the largest class": majority}
    told = [f"{name} {_percent(value)}" for name, value in known.items() if value is not None]
    by_class = row.figures.get("macro_f1")
    told += [f"macro-F1 of this case {_percent(by_class)}"] if by_class is not None and told else []
    return f"For comparison: {', '.join(told)}." if told else ""


def _difference(shared: SharedSeeds, partner: str) -> str:
    both = f"{_percent(shared.quality)} less {_percent(shared.partner)} of {partner}"
    if shared.subtracts:
        return f"The gain is {both}, both over the same seeds ({shared.seeds})."
    return (
        f"The gain is over the seeds that both have ({shared.seeds}): {both}. The quality above is over "
        f"{shared.own_seeds} and that on the partner's page over {shared.partner_seeds}: they do not subtract to it."
    )


def _explained(found: AttributionRecord) -> str:
    """Which attributions tell more than all controls, or that none does."""
    measures = {
        "deletion": found.deletion,
        "insertion": found.insertion,
        **({} if found.inside is None else {"mass on the object": found.inside}),
    }
    told = [
        f"{name.replace('_', ' ')} by {what} (best control: {measure.control})"
        for what, measure in measures.items()
        for name, (low, _) in measure.over_control_interval95.items()
        if low > 0
    ]
    if told:
        return f"Attributions that tell more than every control: {', '.join(told)}. Of all others that was not found."
    best = " and ".join(sorted({measure.control for measure in measures.values()}))
    return (
        f"No attribution was found to tell more than the best control ({best}), which knows no network: read none of "
        "its maps as a reason for an answer."
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
