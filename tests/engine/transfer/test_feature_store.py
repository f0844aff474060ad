"""Tests of `ptmbench.engine.transfer.feature_store`: features on disk, believed where they are what they should be."""

import json
import multiprocessing
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ptmbench.catalog.cases import find_case
from ptmbench.catalog.settings import check_settings
from ptmbench.engine.device import resolve
from ptmbench.engine.transfer import feature_identity, feature_store, features
from ptmbench.engine.transfer.feature_store import FeatureStore, pays
from ptmbench.engine.workbench import Workbench
from ptmbench.files.cache_folder import CacheFolder
from ptmbench.files.tensor_files import write_array
from ptmbench.running.session import Session

CASE = find_case("resnet_tiny.glyphs", "digits_1shot", "knn")
HALF = find_case("resnet_tiny.glyphs", "digits_1shot", "knn", "half").variant
TEXTS = find_case("bert_tiny.invented", "sentiment_50shot", "linear_probe")
IDENTITY = {"tensors": "0" * 64, "end": ""}
NUMBERS = np.arange(12, dtype=np.float32).reshape(3, 4)
SETTINGS = check_settings(budget="smoke", device="cpu", measures_latency=False, threads=1)
TIMES = {"feature_time_s", "train_time_s", "duration_s", "started_at", "reference_s", "energy_j"}


@pytest.fixture
def store(tmp_path):
    """A store in an empty folder."""
    return FeatureStore(CacheFolder(tmp_path / "cache", 2**20))


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """A folder that runs keep features in, however soon those were computed."""
    monkeypatch.setenv("PTMBENCH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(feature_store, "LEAST_S", 0.0)
    monkeypatch.setattr(feature_store, "LEAST_S_A_BYTE", 0.0)
    return tmp_path / "cache"


@pytest.fixture
def passes(monkeypatch):
    """How often features were computed, one entry a pass over a data set."""
    honest, seen = features._computed, []

    def counted(*arguments):
        seen.append(arguments)
        return honest(*arguments)

    monkeypatch.setattr(features, "_computed", counted)
    return seen


def fresh(bench, **settings):
    """A workbench that has computed nothing, over data that are loaded already."""
    made = Workbench(replace(SETTINGS, **settings))
    made._data = {name: replace(data) for name, data in bench._data.items()}
    return made


def only(store):
    """The one file of a store."""
    (entry,) = store.folder.entries()
    return entry.path


def test_what_is_written_is_read(store):
    """Numbers and seconds come back to the last bit, and other identities find nothing."""
    store.write(IDENTITY, NUMBERS, 0.1 + 0.2)

    array, seconds = store.read(IDENTITY)

    assert (NUMBERS.tobytes(), 0.1 + 0.2) == (array.tobytes(), seconds)
    assert store.read({**IDENTITY, "end": "mean"}) is None
    assert store.note is None


def _emptied(file, _store):
    os.truncate(file, 0)


def _cut_off(file, _store):
    os.truncate(file, file.stat().st_size - 1)


def _flipped(file, _store):
    content = bytearray(file.read_bytes())
    content[-3] ^= 4
    file.write_bytes(content)


def _about_another(file, store):
    store.write({**IDENTITY, "end": "mean"}, NUMBERS + 1, 1.0)
    other = next(entry.path for entry in store.folder.entries() if entry.path != file)
    other.replace(file)


def _foreign(file, _store):
    write_array(file, NUMBERS + 1, {"about": "something else"})


def _without_seconds(file, _store):
    write_array(file, NUMBERS + 1, {feature_store.KEY: json.dumps(IDENTITY, sort_keys=True)})


def _odd_seconds(file, _store):
    write_array(file, NUMBERS + 1, {feature_store.KEY: json.dumps(IDENTITY, sort_keys=True), "feature_time_s": "-1"})


def _folder(file, _store):
    file.unlink()
    file.mkdir()


def _pipe(file, _store):
    file.unlink()
    os.mkfifo(file)


@pytest.mark.parametrize(
    "harm",
    [_emptied, _cut_off, _flipped, _about_another, _foreign, _without_seconds, _odd_seconds, _folder, _pipe],
)
def test_a_file_that_is_not_what_was_written_is_not_believed(store, harm):
    """Whatever happened to a file, it is as if there were none."""
    store.write(IDENTITY, NUMBERS, 1.0)
    harm(only(store), store)

    assert store.read(IDENTITY) is None


@pytest.mark.parametrize("harm", [_emptied, _cut_off, _flipped, _about_another, _foreign])
def test_a_broken_file_is_replaced(store, harm):
    """What is computed again takes the place of what could not be read."""
    store.write(IDENTITY, NUMBERS, 1.0)
    harm(only(store), store)
    store.write(IDENTITY, NUMBERS, 2.0)

    assert (NUMBERS.tolist(), 2.0) == (store.read(IDENTITY).array.tolist(), store.read(IDENTITY).feature_time_s)


def test_a_folder_that_cannot_be_written_leaves_one_note(store, monkeypatch):
    """The first failure is told, and no further writing is tried."""
    tried = []

    def refuse(*arguments):
        tried.append(arguments)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(feature_store, "write_array", refuse)
    for _ in range(2):
        store.write(IDENTITY, NUMBERS, 1.0)

    assert 1 == len(tried)
    assert "cannot be written (Permission denied); set PTMBENCH_CACHE" in store.note


def test_a_file_in_place_of_the_folder_leaves_a_note(tmp_path):
    """PTMBENCH_CACHE may name a file by mistake: nothing is kept, and the file stays."""
    (tmp_path / "cache").write_text("notes")
    store = FeatureStore(CacheFolder(tmp_path / "cache", 2**20))

    assert store.read(IDENTITY) is None
    store.write(IDENTITY, NUMBERS, 1.0)
    assert "cannot be written" in store.note
    assert "notes" == (tmp_path / "cache").read_text()


def test_what_is_used_stays(store):
    """The limit drives out what was not used for the longest time."""
    size = NUMBERS.nbytes
    store = replace(store, folder=CacheFolder(store.folder.path, 4 * 1000))
    for number in range(3):
        store.write({**IDENTITY, "end": str(number)}, NUMBERS, 1.0)
        os.utime(store.folder.entries()[-1].path, (number, number))
    held = sum(entry.size for entry in store.folder.entries())
    store.read({**IDENTITY, "end": "0"})
    tight = replace(store, folder=CacheFolder(store.folder.path, held + size - 1))
    tight.write({**IDENTITY, "end": "3"}, NUMBERS, 1.0)

    assert ["0", "2", "3"] == [number for number in "0123" if tight.read({**IDENTITY, "end": number})]


def test_what_is_computed_at_once_is_not_kept():
    """Reading must not take longer than computing did."""
    assert not pays(1000, 0.019)
    assert pays(1000, 0.03)
    assert not pays(2**30, 1.9)
    assert pays(2**30, 2.1)


def _written_often(folder, number):
    store = FeatureStore(CacheFolder(folder, 2**24))
    array = np.arange(50_000, dtype=np.float32)
    for _ in range(30):
        store.write(IDENTITY, array, 1.0)
        found = store.read(IDENTITY)
        if store.note is not None or found is None or found.array.tobytes() != array.tobytes():
            os._exit(number)
    os._exit(0)


@pytest.mark.slow
def test_two_processes_may_write_at_once(store):
    """Each reads whole features at any time, whoever wrote them last."""
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=_written_often, args=(store.folder.path, number)) for number in (3, 4)]
    for process in both:
        process.start()
    for process in both:
        process.join(120)

    assert [0, 0] == [process.exitcode for process in both]
    assert 1 == len(list(store.folder.path.iterdir()))


@pytest.mark.parametrize("case", [CASE, TEXTS], ids=lambda case: case.id)
def test_a_second_run_computes_nothing(bench, cache, passes, case):
    """A fresh workbench over the same weights and data has the same features and seconds, and computes none."""
    bench.task_data(case)
    first = fresh(bench).features(case, 0)
    computed = len(passes)
    warm, calls = fresh(bench), []
    warm.encoded(case), warm.model(case, 0)
    with nn.modules.module.register_module_forward_hook(lambda *_: calls.append(1)):
        second = warm.features(case, 0)

    assert [] == calls
    assert (1, 1) == (computed, len(passes))
    assert first.array.tobytes() == second.array.tobytes() == second.outputs.numpy().tobytes()
    assert first.feature_time_s == second.feature_time_s
    assert len(fresh(bench).poolings(case)) == len(list(cache.iterdir()))


def test_features_of_the_disk_can_be_trained_on(bench, cache, passes):
    """What the last stage is trained on may come from the disk, and is a tensor like any other."""
    last = find_case("resnet_tiny.glyphs", "digits_1shot", "fine_tune_last")
    first, second = (fresh(bench).trunk_outputs(last) for _ in range(2))
    nn.Linear(second.outputs.flatten(1).shape[1], 1)(second.outputs.flatten(1)).sum().backward()

    assert 1 == len(passes)
    assert torch.equal(first.outputs, second.outputs)
    assert (first.outputs.stride(), False) == (second.outputs.stride(), second.outputs.is_inference())


@pytest.mark.parametrize(
    "changed",
    [
        lambda bench: fresh(bench, threads=2).features(CASE, 0),
        lambda bench: fresh(bench, precision="bf16").features(CASE, 0),
        lambda bench: fresh(bench).features(replace(CASE, variant=HALF), 0),
        lambda bench: fresh(bench).features(find_case("resnet_tiny.random", "digits_1shot", "knn"), 0),
        lambda bench: fresh(bench).trunk_outputs(CASE),
        lambda bench: fresh(bench).features(CASE, 0, condition=("noise", 1)),
    ],
    ids=["threads", "precision", "variant", "weights", "part", "condition"],
)
def test_what_moves_features_is_computed(bench, cache, passes, changed):
    """Each of these is computed, though the cache is full of its likes, and then kept beside them."""
    fresh(bench).features(CASE, 0)
    kept = len(list(cache.iterdir()))
    try:
        changed(bench)
    finally:
        resolve(SETTINGS)

    assert 2 == len(passes)
    assert kept < len(list(cache.iterdir()))


def test_each_draw_of_random_weights_is_kept_by_itself(bench, cache, passes):
    """Two seeds of a control are two networks."""
    random = find_case("resnet_tiny.random", "digits_1shot", "knn")
    twice = [[fresh(bench).features(random, seed).array.tobytes() for seed in (0, 1)] for _ in range(2)]

    assert twice[0] == twice[1]
    assert 2 == len(passes) == len(set(twice[0]))


@pytest.mark.parametrize("name", ["FEATURES_VERSION", "PROTOCOL_VERSION"])
def test_a_new_version_computes_again(bench, cache, passes, monkeypatch, name):
    """Features of an earlier version are none."""
    fresh(bench).features(CASE, 0)
    monkeypatch.setattr(feature_identity, name, 99)
    fresh(bench).features(CASE, 0)

    assert 2 == len(passes)


def test_other_data_are_computed_and_another_name_is_not(bench, cache, passes):
    """Content counts: one pixel more is another set, and the same set under a user's own name is the same."""
    named = replace(CASE, task=replace(CASE.task, name="mine", dataset="sklearn:digits?name=mine"))
    data = bench.task_data(CASE)
    first, second, third = fresh(bench), fresh(bench), fresh(bench)
    second._data = {named.task.dataset: replace(data)}
    third._data = {CASE.task.dataset: replace(data, sha256="0" * 64)}
    first.features(CASE, 0)
    second.features(named, 0)
    hits = len(passes)
    third.features(CASE, 0)

    assert (1, 2) == (hits, len(passes))


def test_a_harmed_cache_is_computed_again(bench, cache, passes):
    """A file that was cut off costs the time to compute its features, and moves no figure."""
    first = fresh(bench).features(CASE, 0).array.tobytes()
    for file in cache.iterdir():
        os.truncate(file, 1000)

    assert first == fresh(bench).features(CASE, 0).array.tobytes() == fresh(bench).features(CASE, 0).array.tobytes()
    assert 2 == len(passes)


def test_switched_off_nothing_is_kept(bench, cache, passes, monkeypatch):
    """PTMBENCH_CACHE=off writes no file."""
    monkeypatch.setenv("PTMBENCH_CACHE", "off")
    for _ in range(2):
        fresh(bench).features(CASE, 0)

    assert 2 == len(passes)
    assert not cache.exists()


def figures(record):
    """A record without its times, and without where its outcomes lie."""

    def left(value):
        if isinstance(value, dict):
            return {name: left(held) for name, held in value.items() if name not in TIMES and "latency" not in name}
        return [left(held) for held in value] if isinstance(value, list) else value

    return left(json.loads(record.model_dump_json()))


def test_cold_and_warm_records_are_equal(bench, cache, passes, tmp_path):
    """Every figure of two runs is the same to the last bit, and the seconds of features are those of the first."""
    cases = [CASE, find_case("resnet_tiny.glyphs", "digits_1shot", "fine_tune_last"), TEXTS]
    bench.task_data(CASE), bench.task_data(TEXTS)
    records = []
    for place in ("cold", "warm"):
        session = Session(SETTINGS, folder=tmp_path / place, _bench=fresh(bench))
        records.append([session.run(case) for case in cases])
    cold, warm = records

    assert 3 == len(passes)
    assert list(map(figures, cold)) == list(map(figures, warm))
    assert [each.cost.feature_time_s for each in cold] == [each.cost.feature_time_s for each in warm]


def test_a_resume_reads_what_a_killed_run_kept(bench, cache, passes, tmp_path):
    """A run that ended before its record was written has kept its features, which the resume reads."""
    fresh(bench).features(CASE, 0)
    session = Session(SETTINGS, folder=tmp_path / "out", resume=True, _bench=fresh(bench))

    assert "ok" == session.run(CASE).status
    assert 1 == len(passes)


def test_what_cannot_be_kept_is_told_once(bench, cache, tmp_path):
    """A run whose cache is a file runs as without, and says so at its end, once."""
    cache.write_text("")
    session = Session(SETTINGS, folder=tmp_path / "out", _bench=fresh(bench))
    statuses = [session.run(replace(CASE, variant=variant)).status for variant in (CASE.variant, HALF)]

    notes = [problem for problem in session.finish()[1] if "PTMBENCH_CACHE" in problem]
    assert (["ok", "ok"], 1) == (statuses, len(notes))


@pytest.mark.slow
def test_processes_of_a_run_share_the_cache(cli, monkeypatch, tmp_path):
    """`--jobs 2` keeps features, which a second run reads: no file is written anew."""
    monkeypatch.setenv("PTMBENCH_CACHE", str(tmp_path / "cache"))
    chosen = (
        "-k",
        "resnet_tiny and (glyphs or random) and digits_1shot and knn and not simclr",
        "--budget",
        "smoke",
        "--device",
        "cpu",
    )
    written, values = [], []
    for place, jobs in (("cold", "2"), ("warm", "1")):
        ran = cli("run", *chosen, "--jobs", jobs, "--results", place)
        assert ran.returncode == 0, ran.stderr
        files = sorted((tmp_path / "cache").iterdir())
        written.append([(file.name, file.stat().st_ino) for file in files])
        records = [json.loads(file.read_text()) for file in sorted((tmp_path / place).glob("*-*.json"))]
        values.append([record["quality"]["seeds"] for record in records])

    assert written[0]
    assert written[0] == written[1]
    assert values[0] == values[1]
