"""Object detection: mAP@[.5:.95] as COCO defines it (Lin et al. 2014), through torchmetrics and faster-coco-eval."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torchmetrics.detection import MeanAveragePrecision

from ptmbench.statistics.average_precision import RECALLS, THRESHOLDS, Boxes

METRIC = "map"


def scores(found: Boxes, there: Boxes, classes: Sequence[str]) -> dict[str, float]:
    """mAP@[.5:.95] as `map`, mAP@.5 as `map_50`, and the average precision of every class that occurs.

    -1, as pycocotools has it, where there is no true box at all.
    """
    # torchmetrics' own steps are 32-bit: a recall of exactly 3/5 would fall short of its 0.6
    metric = MeanAveragePrecision(
        iou_thresholds=THRESHOLDS.tolist(),
        rec_thresholds=RECALLS.tolist(),
        backend="faster_coco_eval",
        class_metrics=True,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Encountered more than 100 detections")
        metric.update(_rows(found, scored=True), _rows(there, scored=False))
        computed: dict[str, Any] = metric.compute()
    # torchmetrics gives single numbers for one class and vectors for more
    labels = computed["classes"].reshape(-1).tolist()
    values = computed["map_per_class"].reshape(-1).tolist()
    each = {f"ap.{classes[label]}": value for label, value in zip(labels, values, strict=True) if value >= 0}
    return {METRIC: float(computed["map"]), "map_50": float(computed["map_50"]), **each}


def _rows(boxes: Boxes, *, scored: bool) -> list[dict[str, torch.Tensor]]:
    """The boxes picture by picture, as torchmetrics takes them."""
    rows = []
    for picture in range(boxes.pictures):
        chosen = np.flatnonzero(boxes.picture == picture)
        row = {"boxes": torch.from_numpy(boxes.box[chosen]), "labels": torch.from_numpy(boxes.label[chosen])}
        if scored:
            row["scores"] = torch.from_numpy(boxes.score[chosen])
        else:
            row["iscrowd"] = torch.from_numpy(boxes.ignored[chosen].astype(np.int64))
        rows.append(row)
    return rows
