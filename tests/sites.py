"""Results folders for tests of the site."""

import hashlib
import io
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

from PIL import Image

from ptmbench.records.record import Outcomes, Record, null_paths
from ptmbench.records.record_json import to_json
from ptmbench.records.trust_record import (
    AdversarialRecord,
    AttributionRecord,
    ForgettingRecord,
    MapMeasure,
    PrivacyRecord,
    RepresentationRecord,
)

QUICK = Path(__file__).parents[1] / "results" / "embedded" / "quick-cpu-fp32"
HOSTILE = "</script><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7 * 7 }}\"'&\u2028"


def picture():
    """A small PNG, and what a record says of it."""
    stream = io.BytesIO()
    Image.new("RGB", (64, 32), "teal").save(stream, "PNG")
    content = stream.getvalue()
    return SimpleNamespace(
        content=content, sheet=Outcomes(file="pictures/sheet.png", sha256=hashlib.sha256(content).hexdigest())
    )


PNG = picture()


def write(folder, record):
    """Puts a record of the committed folder into another one, with its outcomes."""
    (folder / "outcomes").mkdir(parents=True, exist_ok=True)
    (folder / "_folder.json").write_text(json.dumps({"budget": "quick", "device": "cpu", "precision": "fp32"}))
    (folder / f"{record.case.id}.json").write_text(to_json(record))
    if record.quality:
        shutil.copy(QUICK / record.quality.outcomes.file, folder / "outcomes")


def changed(record, **model):
    """The record with another model."""
    case = record.case.model_copy(update={"model": record.case.model.model_copy(update=model)})
    return record.model_copy(update={"case": case})


def gone(record, status, reason):
    """The record as of a case that did not finish."""
    parts = {**dict(record), "quality": None, "gain": None, "cost": None, "status": status, "reason": reason}
    dumped = record.model_copy(update=parts).model_dump(exclude={"missing", "reason"})
    return Record.model_validate({**parts, "missing": dict.fromkeys(null_paths(dumped), reason)})


def looked_into(record, auc):
    """The record with the columns that are asked for: a membership attack, what was forgotten, and its features."""
    told = PrivacyRecord(
        attack="lira",
        shadows=63,
        members=50,
        auc=auc,
        auc_interval95=(auc - 0.02, auc + 0.02),
        tpr_at_fpr_1e_2=0.1,
        tpr_at_fpr_1e_2_interval95=(0.08, 0.12),
        tpr_at_fpr_1e_3=None,
        tpr_at_fpr_1e_3_interval95=None,
        interval_kind="bootstrap over target models",
        null_auc=0.501,
        roc=[(0.001, 0.02), (1.0, 1.0)],
    )
    features = RepresentationRecord(
        examples=50,
        dimensions=128,
        effective_rank=31.4,
        cka_random=0.125,
        cka_fine_tuned=None,
        probe_by_stage={"stem": 0.4, "last": 0.8},
        rank_by_stage={"stem": 12.5, "last": 31.4},
    )
    forgot = ForgettingRecord(of="classes", before=0.8, after=0.25, chance=0.00625, loss_before=None, loss_after=None)
    gone = (
        "forgetting.loss_before",
        "forgetting.loss_after",
        "privacy.tpr_at_fpr_1e_3",
        "privacy.tpr_at_fpr_1e_3_interval95",
        "representation.cka_fine_tuned",
    )
    attacked = AdversarialRecord(
        norm="linf",
        radius=8 / 255,
        examples=200,
        clean=0.9,
        apgd_ce=0.25,
        square=0.5,
        robust=0.2,
        robust_interval95=(0.15, 0.26),
        interval_kind="examples",
    )
    measure = MapMeasure(
        mean={"integrated_gradients": 0.12, "random": 0.0, "edges": 0.05, "centre": 0.1},
        control="centre",
        over_control={"integrated_gradients": 0.02},
        over_control_interval95={"integrated_gradients": (-0.01, 0.05)},
    )
    inside = measure.model_copy(
        update={
            "over_control": {"integrated_gradients": 0.4},
            "over_control_interval95": {"integrated_gradients": (0.3, 0.5)},
        }
    )
    explained = AttributionRecord(
        examples=100,
        deletion=measure,
        insertion=measure,
        inside=inside,
        inside_random_network={"integrated_gradients": 1.7},
        rank_agreement={"integrated_gradients": 0.28},
        interval_kind="bootstrap over examples",
    )
    found = {
        "attribution": explained,
        "adversarial": attacked,
        "privacy": told,
        "forgetting": forgot,
        "representation": features,
    }
    return record.model_copy(update={**found, "missing": {**record.missing, **dict.fromkeys(gone, "few pairs")}})
