"""Sides of a gate made from committed records, to be spoiled by tests."""

import hashlib
import io
import json
import shutil
from pathlib import Path

import numpy as np

COMMITTED = Path(__file__).parents[1] / "results" / "embedded" / "quick-cpu-fp32"
CASES = tuple(
    f"{model}-{task}-linear_probe"
    for model in ("vgg_tiny.glyphs", "resnet_tiny.glyphs")
    for task in ("digits_5shot", "textures_5shot", "shapes_5shot", "photo_numerals_20shot")
)


def side(folder, cases=CASES):
    """A results folder with the committed records of some cases."""
    (folder / "outcomes").mkdir(parents=True)
    shutil.copy(COMMITTED / "_folder.json", folder)
    for case in cases:
        shutil.copy(COMMITTED / f"{case}.json", folder)
        shutil.copy(COMMITTED / "outcomes" / f"{case}.npz", folder / "outcomes")
    return folder


def edit(folder, case, change):
    """Changes a record's JSON in place; `change` gets it as nested dictionaries."""
    path = folder / f"{case}.json"
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def drop(folder, case, share, seed=0):
    """Makes so large a share of the test examples wrong that were right, and the record fit."""
    path = folder / "outcomes" / f"{case}.npz"
    with np.load(path) as stored:
        arrays = {name: stored[name] for name in stored.files}
    predictions, truth = arrays["predictions"].astype(int), arrays["truth"].astype(int)
    right = np.flatnonzero(predictions[0] == truth)
    lost = np.random.default_rng(seed).choice(right, size=round(share * len(truth)), replace=False)
    predictions[:, lost] = (truth[lost] + 1) % (truth.max() + 1)
    answered(folder, case, {**arrays, "predictions": predictions})


def answered(folder, case, arrays):
    """Puts these arrays of labels in the place of a case's outcomes, and makes the record fit."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    (folder / "outcomes" / f"{case}.npz").write_bytes(buffer.getvalue())
    values = (arrays["predictions"] == arrays["truth"]).mean(axis=1)

    def fit(content):
        quality = content["quality"]
        quality["outcomes"]["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
        quality["value"] = float(values.mean())
        content["case"]["task"]["test_size"] = len(arrays["truth"])
        quality["seeds"] = [{"seed": seed, "value": float(value)} for seed, value in enumerate(values)]

    edit(folder, case, fit)


def slower(factor, noise=0.0, seed=0):
    """A change of a record: its latency samples take so many times as long, give or take noise."""
    rng = np.random.default_rng(seed)

    def change(content):
        latency = content["cost"]["latency_s"]
        drawn = factor * np.exp(rng.normal(0, noise)) if noise else factor
        latency["samples"] = [sample * drawn for sample in latency["samples"]]

    return change


def launches(folder, count, *, noise, seed, slow=None, factor=1.0):
    """A side of several launches with that much noise, one case slower."""
    for number in range(count):
        made = side(folder / f"launch-{number}")
        for place, case in enumerate(CASES):
            edit(made, case, slower(factor if case == slow else 1.0, noise, seed + 1000 * number + place))
    return folder
