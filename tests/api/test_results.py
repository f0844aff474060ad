"""Tests of `ptmbench.api.results`: what can be made of records, and records that are read again."""

import json

import pytest

import ptmbench
from ptmbench.errors import StoreError, UnknownName, UsageError
from ptmbench.records.record import Record

CASE = "resnet_tiny.glyphs-digits_5shot-linear_probe"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A results folder of a pre-trained model, its control trained from scratch, and pixels."""
    place = tmp_path_factory.mktemp("results")
    models, methods = ["resnet_tiny.glyphs", "resnet_tiny.random", "pixels"], ["linear_probe", "from_scratch"]
    ptmbench.run(models, "digits_5shot", methods=methods, budget="smoke", device="cpu", threads=1, results=place)
    return place


def test_records_by_case_id(folder):
    """Results count, iterate and find by case id, with near names for one that is not there."""
    found = ptmbench.load(folder)

    assert 4 == len(found) == len(list(found))
    assert CASE == found[CASE].case.id
    with pytest.raises(UnknownName, match=f"did you mean {CASE}"):
        _ = found[f"{CASE}s"]


def test_what_is_loaded_is_what_ran(folder, tmp_path):
    """Loading a folder gives the records that the run gave, their gains included."""
    ran = ptmbench.run("pixels", "digits_5shot", budget="smoke", device="cpu", threads=1, results=tmp_path)

    assert ran.records == ptmbench.load(str(tmp_path)).records
    assert ptmbench.load(folder)[CASE].gain is not None


def test_json_holds_whole_records(folder):
    """Every object of the JSON array reads as the record that it was."""
    found = ptmbench.load(folder)

    assert found.records == tuple(Record.model_validate(entry) for entry in json.loads(found.to_json()))


def test_tables_are_those_of_the_report(folder, cli):
    """`table` gives what `ptmbench report` prints."""
    found = ptmbench.load(folder)

    assert cli("report", folder).stdout == found.table()
    assert "resnet_tiny.glyphs" in found.table("csv")
    with pytest.raises(UnknownName, match="did you mean markdown"):
        found.table("markdwon")


def test_cards_are_those_of_the_report(folder, cli):
    """`card` gives what `ptmbench report --card` prints."""
    expected = cli("report", folder, "--card", "pixels").stdout.rstrip("\n")

    assert expected == ptmbench.load(folder).card("pixels").rstrip("\n")


def test_a_row_a_case_for_pandas(folder):
    """The data frame has one row a case, its figures those of the records in SI units."""
    pytest.importorskip("pandas")
    found = ptmbench.load(folder)
    frame = found.to_dataframe().set_index("case")

    assert len(found) == len(frame)
    assert found[CASE].quality.value == frame.loc[CASE, "quality"]
    assert list(found[CASE].gain.interval95) == frame.loc[CASE, ["gain_low", "gain_high"]].tolist()
    assert found[CASE].cost.latency_s.p50 == frame.loc[CASE, "latency_p50_s"]


def test_without_pandas_the_way_to_it_is_said(folder, monkeypatch):
    """A machine without pandas is told the line that installs it."""
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)

    with pytest.raises(UsageError, match="pip install pandas"):
        ptmbench.load(folder).to_dataframe()


def test_short_in_a_terminal_and_whole_in_a_notebook(folder):
    """The representation is one line; a notebook shows the tables, with nothing taken for HTML."""
    found = ptmbench.load(folder)

    assert f"<Results: 4 cases, 4 of them ok, in {folder}>" == repr(found)
    assert "pixels" in found._repr_html_()
    assert "<script" not in found._repr_html_().removeprefix("<pre>")


def test_several_folders(folder, tmp_path):
    """Several folders are read together; what stands in both must be asked for one at a time."""
    ptmbench.run("pixels", "digits_5shot", budget="smoke", seeds=2, device="cpu", threads=1, results=tmp_path)
    both = ptmbench.load([folder, tmp_path])

    assert 6 == len(both)
    with pytest.raises(UsageError, match="come from 2"):
        _ = both.folder
    with pytest.raises(UsageError, match="has 2 records"):
        _ = both["pixels-digits_5shot-linear_probe"]


def test_problems_are_told(folder, tmp_path):
    """A record that cannot be read is a problem, and the others are there; what is no folder is refused."""
    (tmp_path / "copy").mkdir()
    for path in (*folder.glob("*.json"), *folder.glob("outcomes/*")):
        target = tmp_path / "copy" / path.relative_to(folder)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(path.read_bytes())
    (tmp_path / "copy" / f"{CASE}.json").write_text("{}")
    found = ptmbench.load(tmp_path / "copy")

    assert 3 == len(found)
    assert f"{CASE}.json" in found.problems[0]
    with pytest.raises(StoreError, match="is not a folder"):
        ptmbench.load(tmp_path / "nothing")
