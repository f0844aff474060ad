"""Evidence that tests make up: models of known quality on tasks, seen through noise."""

import numpy as np

from ptmbench.recommendation.evidence import Evidence, Row, TaskFacts
from ptmbench.recommendation.rehearsals import Candidate, Rehearsal, Stage, logit, share

METHODS = {"linear_probe": "nothing", "fine_tune": "all", "fine_tune_last": "last_stage"}
UNFINISHED = {"linear_probe": 0.0, "fine_tune": 1.5, "fine_tune_last": 0.7}  # logits that a quick look lies below
ABOVE = {"linear_probe": 0.0, "fine_tune": 0.6, "fine_tune_last": 0.3}  # of the probe, in full
SECONDS = {Stage.QUICK: 1.0, Stage.SINGLE: 4.0}


def rehearsal(rng, stage, quality, examples=200):
    """A look at a candidate of that quality through so many examples."""
    hits = rng.random(examples) < quality
    value = float(hits.mean())
    return Rehearsal(stage, value, SECONDS[stage], examples, (value * (1 - value) / examples) ** 0.5, hits)


def rows_of(rng, task, ease, models):
    """Every candidate on a task: models are told by how far they lie above the others, in logits."""
    found = []
    for model, above in models.items():
        for method, trains in METHODS.items():
            full = share(ease + above + ABOVE[method] + 0.1 * rng.standard_normal())
            looks = {Stage.QUICK: rehearsal(rng, Stage.QUICK, share(logit(full) - UNFINISHED[method]))}
            if trains != "nothing":
                looks[Stage.SINGLE] = rehearsal(rng, Stage.SINGLE, full)
            found.append(Row(Candidate(model, method, trains), task, looks, full, 100.0))
    return found


def evidence_of(models, *, seed=0, sets=4, tasks=3, modality="image"):
    """Tasks of several data sets, of different ease; scores follow the models' quality but for some noise."""
    rng = np.random.default_rng(seed)
    rows, facts = [], {}
    for dataset in range(sets):
        for number in range(tasks):
            name = f"set{dataset}_{number}"
            rows += rows_of(rng, name, rng.normal(1.0, 0.8), models)
            scores = {model: {"log_me": above + 0.2 * rng.standard_normal()} for model, above in models.items()}
            facts[name] = TaskFacts(name, f"set{dataset}", modality, number > 0, scores, dict.fromkeys(models, 0.1))
    return Evidence(tuple(rows), facts)


ZOO = {"best": 1.0, "good": 0.6, "fair": 0.2, "weak": -0.6, "poor": -1.2, "awful": -2.0}
