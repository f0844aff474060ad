"""Tests of what a table says of the inputs of its models."""

from hypothesis import given

from ptmbench.analysis.cautions import cautions_of
from ptmbench.analysis.comparison import comparison_tables
from ptmbench.records.case_record import InputRecord
from strategies import records


def fed(record, family="supervised", **settings):
    """The record of a model that was fed with these settings."""
    inputs = InputRecord(shape=[3, 8, 8], preprocessing=settings, truncated=0)
    model = record.case.model.model_copy(update={"family": family, "name": "mine"})
    return record.model_copy(update={"case": record.case.model_copy(update={"model": model, "input": inputs})})


@given(records())
def test_what_models_do_not_know_or_do_themselves_is_said_once(record):
    """One sentence a matter, whatever number of methods; a control gets what its model gets, and says nothing."""
    unknown = fed(record, unknown_share=0.25)
    own = fed(record, processor="Theirs", own_cause="the shape")
    preset = fed(record, preset="torchvision's X", side=224, resize=256, interpolation="bilinear")

    assert ("mine: its tokenizer does not know 25 % of the tokens of these texts",) == cautions_of([unknown, unknown])
    assert cautions_of([own])[0].endswith("own Theirs, from which ptmbench's differs in the shape")
    assert "(256 px cut to 224, bilinear); other settings: ?resize=" in cautions_of([preset])[0]
    assert () == cautions_of([fed(record), fed(record, family="control", unknown_share=0.25)])
    assert cautions_of([unknown]) == comparison_tables([unknown])[0].cautions
