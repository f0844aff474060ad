"""Tests of what is committed under `results/`: it renders again, and it can be measured again."""

import json
from pathlib import Path

import pytest

from ptmbench.analysis.gain import settled
from ptmbench.analysis.robustness import robust_tables
from ptmbench.catalog.cases import find_case, product
from ptmbench.catalog.settings import check_settings
from ptmbench.records.record import ASKED_FOR, PROTOCOL_VERSION
from ptmbench.records.record_json import json_schema
from ptmbench.records.store import ResultsFolder
from ptmbench.report.plots import draw
from ptmbench.report.rendering import Readers, render
from ptmbench.running.session import Session

RESULTS = Path(__file__).parents[1] / "results"
FOLDERS = sorted((RESULTS / "embedded").iterdir())
DENSE = {"quick-cpu-fp32"}
AGAIN = [
    "pixels-digits_5shot-linear_probe",
    "resnet_tiny.glyphs-digits_5shot-linear_probe",
    "vgg_tiny.glyphs-photo_numerals_5shot-knn",
    "resnet_tiny.waves-textures_5shot-fine_tune_last",
    "resnet_tiny.random-digits_5shot-from_scratch",
    "wgan_tiny.glyphs-digits_5shot-linear_probe",
    "resnet_tiny.glyphs_simclr-photo_numerals_5shot-linear_probe",
    "bert_tiny.invented-ner_100-knn",
    "gpt_tiny.invented-sentiment_50shot-knn",
]
# Another processor or another version of torch rounds differently; training carries that further than a probe does.
POINTS = 0.03


def page_of(folder):
    """What the records of a folder are rendered to."""
    return render(settled(folder.read_all()[0], folder.estimate), "markdown", Readers.of_folder(folder))


@pytest.fixture(scope="module", params=FOLDERS, ids=lambda path: path.name)
def folder(request):
    """Each committed results folder in turn."""
    return ResultsFolder(request.param)


def test_every_case_has_a_record(folder):
    """The whole matrix is there at each committed budget, finished and readable."""
    found, problems = folder.read_all()
    dense = folder.path.name in DENSE  # those of `standard` have a folder of their own
    wanted = {case.id for case in product() if dense or not case.task.kind.dense}
    if any(record.protocol_version < PROTOCOL_VERSION for record in found):  # cases have come since it was recorded
        wanted &= {record.case.id for record in found}

    assert [] == problems
    assert wanted == {record.case.id for record in found}
    assert {"ok"} == {record.status for record in found}


def test_records_fit_their_folder(folder):
    """A folder holds one budget, device and precision, and is called after them."""
    key = folder.key()

    assert folder.path.name == key.name
    for record in folder.read_all()[0]:
        assert (record.budget, record.provenance.device, record.case.precision) == (
            key.budget,
            key.device,
            key.precision,
        )


def test_readme_renders_again_from_the_records(folder):
    """The committed page is what the committed records give, byte for byte."""
    assert (folder.path / "README.md").read_text() == page_of(folder)


def test_pictures_are_drawn_again_from_the_records(tmp_path):
    """The committed pictures are what the committed records give, byte for byte."""
    pytest.importorskip("matplotlib", reason="the extra plot is not installed")
    folder = ResultsFolder(RESULTS / "embedded" / "standard-cpu-fp32")

    drawn = [path for path in draw(settled(folder.read_all()[0], folder.estimate), tmp_path) if path.suffix == ".svg"]

    assert sorted(path.name for path in (RESULTS / "plots").iterdir()) == sorted(path.name for path in drawn)
    for path in drawn:
        assert (RESULTS / "plots" / path.name).read_bytes() == path.read_bytes()


def test_outcomes_are_what_the_records_speak_of(folder):
    """Each record's outcomes are there, with the sha256 that it names, and give its figure at the first seed."""
    for record in folder.read_all()[0]:
        values = [entry.value for entry in record.quality.seeds]
        assert values == pytest.approx(folder.estimate(record).values.tolist(), abs=1e-6)


def test_records_name_no_machine_path(folder):
    """What is published names no folder of the machine that made it."""
    for path in folder.path.glob("*.json"):
        assert "/home/" not in path.read_text()


def test_schema_is_committed():
    """`results/record.schema.json` is the schema of the records."""
    assert json_schema() == json.loads((RESULTS / "record.schema.json").read_text())


@pytest.mark.parametrize("case_id", AGAIN)
def test_quality_is_measured_again(case_id, tmp_path):
    """A case run again reaches the committed quality within three points, whatever the machine."""
    committed = ResultsFolder(RESULTS / "embedded" / "quick-cpu-fp32").read(case_id)
    session = Session(check_settings(budget="quick", device="cpu", measures_latency=False), folder=tmp_path)

    again = session.run(find_case(*case_id.split("-")))

    assert committed.case.digest == again.case.digest
    assert committed.quality.value == pytest.approx(again.quality.value, abs=POINTS)


def test_pretraining_shows_where_it_should():
    """The glyph ResNet's 5-shot probe lies well above the same network at random initialisation, over seeds."""
    standard = ResultsFolder(RESULTS / "embedded" / "standard-cpu-fp32")
    trained = standard.read("resnet_tiny.glyphs-digits_5shot-linear_probe").quality
    random = standard.read("resnet_tiny.random-digits_5shot-linear_probe").quality

    assert trained.interval95[0] > random.interval95[1] + 0.05


def test_pretraining_shows_in_text(folder):
    """On names and words that no label showed, in-domain pre-training lies far above training from scratch."""
    entities, sentiment = (
        max(
            record.gain.value
            for record in folder.read_all()[0]
            if record.case.model.name == "bert_tiny.invented" and record.case.task.name == task
        )
        for task in ("ner_100", "sentiment_50shot")
    )

    assert entities >= 0.20
    assert sentiment >= 0.15


def test_gains_are_told_apart_from_none():
    """At least one few-shot gain is clear of 0, and where nothing or harm was measured the verdict says so."""
    found, _ = ResultsFolder(RESULTS / "embedded" / "standard-cpu-fp32").read_all()
    gains = [record.gain for record in found if record.gain]

    assert any(gain.interval95[0] > 0 and "shot" in gain.partner_id for gain in gains)
    assert {"helps", "no_clear_difference", "hurts"} == {gain.verdict for gain in gains}


def test_pretraining_shows_in_detectors_and_segmenters():
    """At three seeds a pre-trained backbone beats the same network from scratch, for each detector and segmenter."""
    found, _ = ResultsFolder(RESULTS / "dense" / "quick-cpu-fp32").read_all()
    helped = {record.case.model.architecture for record in found if record.gain and record.gain.interval95[0] > 0}

    assert {3} == {len(record.quality.seeds) for record in found}
    assert {"fasterrcnn_tiny", "yolo_tiny", "fcn_tiny", "unet_tiny"} == helped


def test_every_detector_and_segmenter_is_recorded_at_standard():
    """All of them are there, finished, at three seeds."""
    found, problems = ResultsFolder(RESULTS / "dense" / "standard-cpu-fp32").read_all()
    wanted = {case.id for case in product() if case.task.kind.dense}

    assert [] == problems
    assert wanted == {record.case.id for record in found}
    assert {("ok", 3, PROTOCOL_VERSION)} == {
        (record.status, len(record.quality.seeds), record.protocol_version) for record in found
    }


@pytest.mark.parametrize(
    "name", ["dense/quick-cpu-fp32", "dense/standard-cpu-fp32", "robust/quick-cpu-fp32", "trust/quick-cpu-fp32"]
)
def test_further_pages_render_again(name):
    """The pages of the parts of the matrix that were run for one purpose are what their records give."""
    store = ResultsFolder(RESULTS / name)

    assert (store.path / "README.md").read_text() == page_of(store)


def trusted():
    """The records of what was measured on request, by model, task and method."""
    found, problems = ResultsFolder(RESULTS / "trust" / "quick-cpu-fp32").read_all()
    assert [] == problems
    return {(record.case.model.name, record.case.task.name, record.case.method.name): record for record in found}


def test_what_is_measured_on_request_is_recorded_whole():
    """Every case has finished, with each column or a reason that is no failure."""
    for record in trusted().values():
        assert "ok" == record.status
        for column in set(ASKED_FOR) - {"scores"}:
            assert getattr(record, column) or "could not be measured" not in record.missing[column], record.case.id


def test_few_labels_tell_most_of_who_was_learned_from():
    """At five labels a class LiRA finds more members than with all labels, and of private probes hardly any."""
    found = trusted()
    models = {model for model, task, method in found if task == "digits_full" and method == "dp_probe"}
    assert models
    for model in models:
        few, full, private = (
            found[model, *names].privacy
            for names in (
                ("digits_5shot", "linear_probe"),
                ("digits_full", "linear_probe"),
                ("digits_full", "dp_probe"),
            )
        )
        assert few.auc > full.auc
        assert private.tpr_at_fpr_1e_2_interval95[1] < 0.05


def test_attributions_are_shown_with_all_their_controls():
    """No record has a map without random maps, edges and a centre prior, or a random network where there is one."""
    explained = [record.attribution for record in trusted().values() if record.attribution]

    assert explained
    for found in explained:
        assert {"random", "edges", "centre"} <= found.deletion.mean.keys() or (
            {"random", "length", "position"} <= found.deletion.mean.keys()
        )
        assert found.rank_agreement


def test_corruptions_cost_quality_and_change_places():
    """What was transferred on clean examples does worse on corrupted ones, and ranks that rows may hold move."""
    store = ResultsFolder(RESULTS / "robust" / "quick-cpu-fp32")
    tables = robust_tables(store.read_all()[0], store.estimate, store.corrupted_estimate)
    transferred = [row for table in tables for row in table.rows if row.family != "control"]

    assert {5, 1, 2} == {len(table.corruptions) for table in tables}
    assert all(row.value < row.clean for row in transferred)
    moved = [row for row in transferred if row.place != row.place_clean]  # with three seeds none of them surely
    assert len(moved) > len(transferred) / 2


@pytest.fixture(scope="module", params=sorted((RESULTS / "real").glob("*-*-*")), ids=lambda path: path.name)
def real(request):
    """Each folder of real weights on real data."""
    return ResultsFolder(request.param)


def test_real_records_are_whole(real):
    """Records of real weights are finished, loaded all of their backbone, and name no path of a machine."""
    found, problems = real.read_all()

    assert [] == problems
    assert found
    assert {"ok"} == {record.status for record in found}
    for record in found:
        model = record.case.model
        assert model.family == "control" or 1.0 == model.loaded_fraction
        assert "-dirty" not in record.provenance.commit
        for reference in (model.reference, record.case.task.dataset):
            assert not any(part in reference for part in (":/", "~", "//")), reference


def test_real_tables_render_again(real):
    """The page of real weights is what the records say."""
    assert (real.path / "README.md").read_text() == page_of(real)


def on_edge(record):
    """Whether a frozen method chose the least or the largest value that it was offered, each seed for itself.

    One neighbour is no edge, since there is no fewer; nor are as many as there are labels, since more are the same.
    """
    method = record.case.method
    if method.selection.startswith("one label"):
        return []
    name = next(name for name in method.grid if name != "pooling")
    least, most = method.grid[name][0], method.grid[name][-1]
    chosen = [choice[name] for choice in method.each or [method.hyperparameters]]
    if name == "neighbours":
        return [value == most < record.case.task.train_size for value in chosen]
    return [value in {least, most} for value in chosen]


def test_grids_are_wide_enough():
    """At most one choice in twenty of the embedded records lies on the edge of what was offered."""
    records = [
        record
        for record in ResultsFolder(RESULTS / "embedded" / "quick-cpu-fp32").read_all()[0]
        if record.case.method.steps is None
    ]
    edges = {
        name: [edge for record in records if record.case.method.name == name for edge in on_edge(record)]
        for name in ("linear_probe", "knn")
    }

    assert dict.fromkeys(edges, True) == {name: sum(found) <= len(found) / 20 for name, found in edges.items()}
