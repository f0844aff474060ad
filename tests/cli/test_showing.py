"""Tests of `ptmbench show`: where it looks for the data of a case."""

import pytest

from ptmbench.cli.showing import data_of
from ptmbench.errors import UsageError
from runs import committed


def ran_on(dataset):
    """A committed record as of a case on that data set."""
    record = committed()
    task = record.case.task.model_copy(update={"dataset": dataset})
    return record.model_copy(update={"case": record.case.model_copy(update={"task": task})})


def test_data_are_looked_for_where_the_record_says():
    """A reference without hidden folders is taken as it stands, from the folder where the command is typed."""
    assert "masks:data/roads" == data_of(ran_on("masks:data/roads"), None)


def test_a_hidden_folder_is_asked_for():
    """A record keeps no folder outside the one where it was started, so the user says where the data lie."""
    record = ran_on("masks:...4bd841/roads?ignore=255")
    with pytest.raises(UsageError, match="records keep no folders: .* --task REFERENCE"):
        data_of(record, None)

    assert "masks:/data/roads?ignore=255" == data_of(record, "masks:/data/roads?ignore=255&name=roads&shots=5")
