"""Hypothesis strategies for what ptmbench handles."""

import numpy as np
from hypothesis import strategies as st

from ptmbench.records.case_record import (
    CaseRecord,
    InputRecord,
    MethodRecord,
    ModelRecord,
    SourceDistance,
    TaskRecord,
)
from ptmbench.records.cost_record import Cost, Latency, PeakMemory
from ptmbench.records.record import (
    Gain,
    Machine,
    Outcomes,
    Provenance,
    Quality,
    Record,
    SeedValue,
    null_paths,
)
from ptmbench.records.trust_record import (
    AdversarialRecord,
    AttributionRecord,
    CalibrationRecord,
    ForgettingRecord,
    MapMeasure,
    PrivacyRecord,
    RepresentationRecord,
)

slugs = st.text("abcXYZ019_.", min_size=1, max_size=12)
words = st.text(min_size=1, max_size=20)
sha256s = st.text("0123456789abcdef", min_size=64, max_size=64)
counts = st.integers(0, 10**12)
numbers = st.floats(-1e6, 1e6)
seconds = st.floats(0, 1e6)
shares = st.floats(0, 1)
intervals = st.tuples(shares, shares).map(lambda pair: (min(pair), max(pair)))
scalars = st.one_of(st.booleans(), counts, numbers, words)


def maybe(strategy):
    """The strategy's values, or None."""
    return st.none() | strategy


models = st.builds(
    ModelRecord,
    name=slugs, reference=words, architecture=slugs, family=slugs, objective=slugs, source=slugs,
    weights_sha256=maybe(sha256s), revision=maybe(words), licence=words, loaded_fraction=maybe(shares),
    pretrain_time_s=maybe(seconds),
)  # fmt: skip
tasks = st.builds(
    TaskRecord,
    name=slugs, kind=slugs, dataset=slugs, shots=st.one_of(counts, st.just("all")), split_sha256=maybe(sha256s),
    train_size=maybe(counts), validation_size=maybe(counts), test_size=maybe(counts), classes=st.integers(1, 1000),
    left_out=counts,
)  # fmt: skip
methods = st.builds(
    MethodRecord,
    name=slugs, hyperparameters=st.dictionaries(slugs, scalars, max_size=3),
    grid=st.dictionaries(slugs, st.lists(numbers, max_size=3), max_size=2), selection=words, steps=maybe(counts),
)  # fmt: skip
cases = st.builds(
    CaseRecord,
    id=slugs, digest=sha256s, model=models, task=tasks, method=methods,
    input=maybe(st.builds(InputRecord, shape=st.lists(counts, max_size=3),
                          preprocessing=st.dictionaries(slugs, scalars, max_size=3), truncated=counts)),
    precision=slugs, source_distance=maybe(st.builds(SourceDistance, kind=slugs, value=numbers)),
)  # fmt: skip
qualities = st.builds(
    Quality,
    metric=slugs, higher_is_better=st.booleans(), value=shares, train_value=shares, interval95=intervals,
    interval_kind=slugs, seeds=st.lists(st.builds(SeedValue, seed=counts, value=shares), min_size=1, max_size=3),
    floor=maybe(shares), floor_met=maybe(st.booleans()), floor_tells=maybe(st.booleans()),
    others=st.dictionaries(slugs, numbers, max_size=2), outcomes=st.builds(Outcomes, file=words, sha256=sha256s),
)  # fmt: skip
costs = st.builds(
    Cost,
    parameters=counts, trainable_parameters=counts, size_bytes=counts, macs=counts, flops=counts,
    thop_macs=maybe(counts), uncounted_operations=st.lists(slugs, max_size=2),
    latency_s=maybe(st.builds(Latency, batch_size=counts, p50=seconds, p95=seconds, p99=seconds,
                              samples=st.lists(seconds, max_size=4))),
    throughput_per_s=maybe(seconds), throughput_batch_size=maybe(counts),
    peak_memory_bytes=st.builds(PeakMemory, inference=maybe(counts), inference_batch_size=counts,
                                training=maybe(counts), training_batch_size=counts, kind=words),
    train_time_s=maybe(seconds), feature_time_s=maybe(seconds), energy_j=maybe(seconds),
)  # fmt: skip
gains = st.builds(
    Gain,
    over=slugs, partner_id=slugs, partner_digest=sha256s, value=numbers, interval95=intervals, interval_kind=slugs,
    seeds=counts, verdict=st.sampled_from(["helps", "no_clear_difference", "hurts"]),
)  # fmt: skip
calibrations = st.builds(
    CalibrationRecord,
    nll=seconds, brier=shares, ece=shares, temperature=maybe(seconds), ece_after_temperature=maybe(shares),
)  # fmt: skip
attacks = st.builds(
    PrivacyRecord,
    attack=slugs, shadows=counts, members=counts, auc=shares, auc_interval95=intervals, tpr_at_fpr_1e_2=shares,
    tpr_at_fpr_1e_2_interval95=intervals, tpr_at_fpr_1e_3=maybe(shares), tpr_at_fpr_1e_3_interval95=maybe(intervals),
    interval_kind=words, null_auc=shares, roc=st.lists(st.tuples(shares, shares), min_size=1, max_size=3),
)  # fmt: skip
memories = st.builds(
    ForgettingRecord,
    of=words, before=shares, after=shares, chance=maybe(shares), loss_before=maybe(seconds), loss_after=maybe(seconds),
)  # fmt: skip
robusts = st.builds(
    AdversarialRecord,
    norm=slugs, radius=shares, examples=counts, clean=shares, apgd_ce=shares, square=shares, robust=shares,
    robust_interval95=intervals, interval_kind=words,
)  # fmt: skip
measures = st.builds(
    MapMeasure,
    mean=st.dictionaries(slugs, numbers, max_size=3), control=slugs,
    over_control=st.fixed_dictionaries({"integrated_gradients": numbers}),
    over_control_interval95=st.fixed_dictionaries({"integrated_gradients": intervals}),
)  # fmt: skip
explanations = st.builds(
    AttributionRecord,
    examples=counts, deletion=measures, insertion=measures, inside=maybe(measures),
    inside_random_network=maybe(st.dictionaries(slugs, numbers, max_size=2)),
    rank_agreement=maybe(st.fixed_dictionaries({"integrated_gradients": numbers})), interval_kind=words,
)  # fmt: skip
insights = st.builds(
    RepresentationRecord,
    examples=counts, dimensions=counts, effective_rank=seconds, cka_random=maybe(numbers),
    cka_fine_tuned=maybe(numbers), probe_by_stage=maybe(st.dictionaries(slugs, shares, max_size=3)),
    rank_by_stage=maybe(st.dictionaries(slugs, seconds, max_size=3)),
)  # fmt: skip
provenances = st.builds(
    Provenance,
    ptmbench=words, commit=words, packages=st.dictionaries(slugs, words, max_size=2),
    machine=st.builds(Machine, fingerprint=slugs, cpu=words, gpu=words, cores=counts, threads=counts),
    device=slugs, started_at=words, duration_s=seconds, reference_s=st.lists(seconds, max_size=2),
)  # fmt: skip


@st.composite
def records(draw):
    """Valid records: whatever is null has a reason."""
    status = draw(st.sampled_from(["ok", "skipped", "failed", "out_of_memory", "timed_out", "diverged"]))
    done = status == "ok"
    parts = {
        "budget": draw(slugs),
        "status": status,
        "case": draw(cases),
        "quality": draw(qualities) if done else None,
        "gain": draw(maybe(gains)) if done else None,
        "cost": draw(costs) if done else None,
        "provenance": draw(provenances),
    }
    if done:
        columns = {"calibration": calibrations, "privacy": attacks}
        columns |= {"forgetting": memories, "representation": insights, "adversarial": robusts}
        columns["attribution"] = explanations
        parts |= {name: draw(kept) for name, kept in columns.items() if draw(st.booleans())}
    dumped = {key: value.model_dump() if hasattr(value, "model_dump") else value for key, value in parts.items()}
    missing = dict.fromkeys(null_paths(dumped), "not measured")
    return Record(**parts, reason=None if done else draw(words), missing=missing)


@st.composite
def labelled_features(draw, *, odd=False):
    """Features [n, d] and labels [n] of two to five classes, two examples of each or more; odd ones degenerate, too."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    classes, width = draw(st.integers(2, 5)), draw(st.integers(1, 30))
    labels = rng.permutation(np.resize(np.arange(classes), draw(st.integers(2 * classes, 40))))
    features = rng.normal(size=(len(labels), width)) + rng.uniform(0, 3) * rng.normal(size=(classes, width))[labels]
    kind = draw(st.sampled_from(["constant", "twice", "rows", "zero", "whole", "single", "huge"])) if odd else ""
    if kind == "constant":
        features[:, 0] = 0.1
    elif kind == "twice":
        features = np.hstack([features, features])
    elif kind == "rows":
        features = rng.normal(size=(classes, width))[labels]
    elif kind in {"zero", "whole"}:
        features = np.zeros_like(features) if kind == "zero" else np.round(features)
    elif kind == "single":
        features = features.astype(np.float32)
    elif kind == "huge":
        features *= 10.0 ** rng.integers(-30, 30, width)
    return features, labels
