"""Tests of the tables."""

import csv
import io
import itertools
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ptmbench.analysis.case_rows import make_row
from ptmbench.analysis.comparison import FAMILIES, comparison_tables, rows_of, task_order
from ptmbench.analysis.economy import cheapest_cases, cost_of
from ptmbench.analysis.gain import PARTNER_MISSING, with_gain
from ptmbench.analysis.sources import NO_RELATION, source_tables
from ptmbench.records.measured import Missing
from ptmbench.records.store import ResultsFolder
from ptmbench.report.captions import notes_of
from ptmbench.report.economy import render_economy
from ptmbench.report.exports import render_csv, render_json
from ptmbench.report.figures import NONE
from ptmbench.report.markdown import render_markdown
from ptmbench.report.text import render_text
from strategies import records

QUICK = Path(__file__).parents[2] / "results" / "embedded" / "quick-cpu-fp32"
many = st.lists(records(), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def committed():
    """The committed records of the quick budget."""
    return ResultsFolder(QUICK).read_all()[0]


@given(many)
def test_every_record_stands_in_one_table(found):
    """No record is dropped, whatever its status."""
    tables = comparison_tables(found)

    assert len(found) == sum(len(table.rows) for table in tables)


@given(many)
def test_rows_are_sorted_by_quality_with_unfinished_last(found):
    """The best quality stands first; what has none stands last."""
    for table in comparison_tables(found):
        values = [row.value for row in table.rows if row.value is not None]
        assert sorted(values, reverse=table.higher_is_better) == values
        assert [row.value is None for row in table.rows] == sorted(row.value is None for row in table.rows)


@given(many)
def test_any_records_render(found):
    """Whatever is in the records, all formats render it."""
    tables = comparison_tables(found)

    assert render_text(tables)
    assert render_markdown(tables)
    assert len(list(csv.reader(io.StringIO(render_csv(tables), newline="")))) == len(found) + 1
    assert len(json.loads(render_json(tables, []))["tables"]) == len(tables)


@pytest.mark.parametrize("reason", ["two\nlines", "carriage\rreturn", 'a "quoted", word'])
def test_a_reason_of_any_text_stays_in_its_cell(committed, reason):
    """Line breaks and quotes in a reason break neither the CSV nor the table."""
    gone = {"quality": None, "gain": None, "cost": None, "status": "failed", "reason": reason}
    tables = comparison_tables([committed[0].model_copy(update=gone)])

    (_, row) = csv.reader(io.StringIO(render_csv(tables), newline=""))
    assert reason in row
    assert " ".join(reason.split()) in render_text(tables)


def test_a_long_reason_is_cut(committed):
    """A table shows the beginning of a long reason, so that its columns stay in sight."""
    gone = {"quality": None, "gain": None, "cost": None, "status": "failed", "reason": "many words\n" * 99}
    tables = comparison_tables([committed[0].model_copy(update=gone)])

    assert "many words many words" in render_text(tables)
    assert max(map(len, render_text(tables).splitlines())) < 300


@given(records().filter(lambda record: record.status != "ok"))
def test_unfinished_cases_show_their_reason(record):
    """A case that failed stands in the table with its status and reason, and counts as not finished."""
    (table,) = comparison_tables([record])

    assert table.finished == 0
    assert (record.status, record.reason) == (make_row(record).status, make_row(record).reason)
    assert f"{record.status}: " in render_text([table])


def test_tasks_stand_by_data_set_and_shots():
    """Few shots stand before many and full last, by number and not by letter."""
    names = ["digits_full", "shapes_5shot", "digits_10shot", "digits_1shot", "digits_5shot"]

    ordered = sorted(names, key=lambda name: task_order((name, "", "", "")))

    assert ["digits_1shot", "digits_5shot", "digits_10shot", "digits_full", "shapes_5shot"] == ordered


def test_a_table_knows_its_models_and_its_leader(committed):
    """The rows of each model are those of its name in their order, and the leader is the best finished row."""
    for table in comparison_tables(committed):
        assert [row for row in table.rows if row.model == "pixels"] == list(table.by_model.get("pixels", []))
        assert len(table.rows) == sum(map(len, table.by_model.values()))
        assert table.leader.value == table.best("quality")


def test_a_table_without_a_figure_has_no_leader(committed):
    """Where no case finished nothing leads."""
    table = comparison_tables(committed)[0]
    undone = [replace(row, figures={**row.figures, "quality": None}) for row in table.rows]

    assert replace(table, rows=tuple(undone)).leader is None


def test_the_best_of_each_column_is_marked(committed):
    """Each table marks the best figure of every column that has one."""
    table = next(table for table in comparison_tables(committed) if table.task == "digits_5shot")

    assert max(row.value for row in table.rows) == table.best("quality")
    assert min(row.figures["latency_p50_s"] for row in table.rows) == table.best("latency_p50_s")
    assert " *" in render_text([table])
    assert "**" in render_markdown([table])


def test_controls_stand_in_every_table(committed):
    """What is no network (for labels), and every architecture at random initialisation, are rows of every table."""
    text = {"tfidf", "bert_tiny.random", "gpt_tiny.random"}
    tags = text | {"word_shape"}
    random = {f"{name}_tiny.random" for name in ("resnet", "vgg", "inception", "vae", "wgan")}
    images = random | {"pixels", "hog_colour"}
    boxes, masks = {"fasterrcnn_tiny.random", "yolo_tiny.random"}, {"fcn_tiny.random", "unet_tiny.random"}
    for table in comparison_tables(committed):
        controls = {row.model for row in table.rows if row.family == "control"}
        assert controls in (tags if table.task.startswith("ner") else text, images, boxes, masks)


def test_families_stand_together_and_the_best_first(committed):
    """Rows are grouped by family, controls last; in a family quality falls."""
    for table in comparison_tables(committed):
        order = [FAMILIES.index(row.family) for row in table.rows]
        assert sorted(order) == order
        for before, after in itertools.pairwise(table.rows):
            assert before.family != after.family or before.value >= after.value


def test_a_family_is_named_once(committed):
    """The first row of each family carries its name, and the title the metric."""
    (table,) = [table for table in comparison_tables(committed) if table.task == "ner_100"]

    text = render_text([table])

    sizes = "100 training, 300 validation and 800 test examples"
    assert f"ner_100 (quick, cpu, fp32): entity F1, {sizes}, chance 0 %" in text
    assert [1, 1] == [
        sum(line.startswith(family) for line in text.splitlines()) for family in ("self-supervised", "control ")
    ]


def test_coverage_is_stated(committed):
    """The title says how many of the cases have a figure."""
    text = render_text(comparison_tables(committed))

    assert "51 of 51 cases finished" in text
    assert "20 of 20 cases finished" in text


def test_the_source_table_states_relation_or_none(committed):
    """Gain and distance stand by source and task, with the correlation's interval and what it allows to say."""
    (table,) = source_tables(committed)

    assert ("fractals", "glyphs", "waves") == table.sources
    assert len(table.lines) == 12 * 4
    assert table.correlation95[0] <= table.correlation <= table.correlation95[1]
    if table.correlation95[0] <= 0 <= table.correlation95[1]:
        assert table.conclusion == NO_RELATION


def test_one_source_makes_no_source_table(committed):
    """With one source there is nothing to compare."""
    assert [] == source_tables([record for record in committed if record.case.model.source == "glyphs"])


def test_the_quickest_of_each_method_stands_for_it(committed):
    """Prices are of the quickest case of a method that reaches the share of the best, and all that do are counted."""
    task = [record for record in committed if record.case.task.name == "digits_20shot"]
    best = max(record.quality.value for record in task)

    for line in cheapest_cases(task):
        cases = [record for record in task if record.case.method.name == line.method]
        near = [cost_of(record, line.share * best) for record in cases if record.quality.value >= line.share * best]
        assert (best, len(near), len(cases)) == (line.best, line.reached, line.cases)
        assert (min(price.seconds for price in near) if near else None) == (line.price and line.price.seconds)


def test_what_was_not_timed_has_a_price_without_seconds(committed):
    """A case that ran beside others took no known time, not none: it stands behind what was timed, and shows a dash."""
    task = [record for record in committed if record.case.task.name == "digits_20shot"]
    probes = [record for record in task if record.case.method.name == "linear_probe"]
    untimed = {"train_time_s": None, "feature_time_s": None}
    crowded = [record.model_copy(update={"cost": record.cost.model_copy(update=untimed)}) for record in probes]

    assert cost_of(crowded[0], 0.0).seconds is None
    assert {True} == {line.price.seconds is not None for line in cheapest_cases([*crowded, *probes])}
    assert {None} == {line.price.seconds for line in cheapest_cases(crowded)}
    dashes = [render_economy(cheapest_cases(cases), "plain").split().count(NONE) for cases in (probes, crowded)]
    assert len(cheapest_cases(crowded)) == dashes[1] - dashes[0]


def test_operations_to_get_there_are_counted_by_hand(committed):
    """A probe costs a forward pass for each training example, a training step three for each of its batch."""
    probe, tuned = (
        next(record for record in committed if record.case.id == f"vgg_tiny.glyphs-digits_20shot-{method}")
        for method in ("linear_probe", "fine_tune")
    )

    assert 200 * probe.cost.flops == cost_of(probe, 0.0).flops
    assert 3 * 32 * 40 * tuned.cost.flops == cost_of(tuned, 0.0).flops
    assert cost_of(probe, 1.01) is None


def test_a_busy_latency_is_marked_and_never_the_best(committed):
    """A time that was measured while other work had the cores is marked, explained, and no answer."""
    probes = [
        record for record in committed if record.case.id.startswith(("pixels-digits_5shot", "vgg_tiny.glyphs-digits_5"))
    ]
    latencies = {record.case.id: record.cost.latency_s for record in probes}
    fastest = min(probes, key=lambda record: latencies[record.case.id].p50)
    busy = [
        record.model_copy(
            update={"cost": record.cost.model_copy(update={"latency_s": found.model_copy(update={"waited": 0.5})})}
        )
        if (found := latencies[record.case.id]).p50 == latencies[fastest.case.id].p50
        else record
        for record in probes
    ]
    (before,), (after,) = comparison_tables(probes), comparison_tables(busy)
    text = render_text([after])

    assert before.best("latency_p50_s") < after.best("latency_p50_s")
    assert " busy" in text
    assert "busy *" not in text
    assert "other work had the cores while latency was measured" in text
    assert before.best("macs") == after.best("macs")


def test_tables_say_why_there_is_no_gain(committed):
    """A row whose partner from scratch was not run says so, with what to type; one seed has no verdict."""
    rows = [record for record in committed if record.case.task.name == "digits_5shot"]
    alone = [with_gain(rows[0], Missing(PARTNER_MISSING)) if not rows[0].case.model.is_control else rows[0]]
    alone += [record for record in rows if record.gain][:1]
    (table,) = comparison_tables([with_gain(alone[-1], Missing(PARTNER_MISSING))])

    assert "no gain in 1 row: the partner from scratch was not run; run it too: --method from_scratch" in notes_of(
        table
    )
    single = [record for record in committed if record.case.task.name == "scene_boxes_full"]
    assert "there is no verdict; run them with --seeds 3" in " ".join(notes_of(comparison_tables(single)[0]))
    assert "gain" not in render_text([table], width=80).splitlines()[2]


def test_verdicts_of_a_table_are_corrected_together(committed):
    """A verdict that would be one of many false ones does not stand, and its interval does."""
    found = [record for record in committed if record.gain and record.case.task.name == "digits_5shot"]
    chances = [0.04] + [0.9] * (len(found) - 1)
    made = [
        record.model_copy(
            update={"gain": record.gain.model_copy(update={"seeds": 3, "verdict": "helps", "p_value": chance})}
        )
        for record, chance in zip(found, chances, strict=True)
    ]

    assert {"no_clear_difference"} == {row.verdict for row in rows_of(made, None)}
    assert ["helps"] == [row.verdict for row in rows_of(made[:1], None)]
    assert made[0].gain.interval95 == rows_of(made, None)[0].intervals["gain"]
