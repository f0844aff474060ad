"""Detectors over the feature maps of any backbone: Faster R-CNN from torchvision, YOLOX from libreyolo (extra `yolo`).

Boxes of the networks are [left, top, right, bottom] in pixels of the input.
"""

import warnings
from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, batched_nms, box_convert

from ptmbench.engine.models.dense_network import DenseNetwork
from ptmbench.engine.models.maps import FeatureMaps
from ptmbench.errors import Unavailable

SMALL = 128  # sides up to which an input is small: its objects are sought on one map of stride 4
ANCHORS = (3.5, 5.0, 7.0)  # sides of anchors in strides: together with the next map's they leave no gap
RATIOS = (0.5, 1.0, 2.0)
MOST = 100  # boxes given for an image, as many as COCO's evaluation reads
YOLO_SCORE, YOLO_OVERLAP = 0.01, 0.65  # as YOLOX is evaluated by its authors (Ge et al. 2021)

Found = list[dict[str, Tensor]]


def strides_for(side: int) -> tuple[int, ...]:
    """The strides of the maps that detectors use for inputs of that side."""
    return (4, 8, 16) if side <= SMALL else (8, 16, 32)


class Pyramid(nn.Module):
    """A body's maps brought to one number of channels, each joined with the coarser ones (FPN, Lin et al. 2017)."""

    def __init__(self, body: FeatureMaps, channels: int, *, finest_only: bool) -> None:
        super().__init__()
        self.body = body
        self.fpn = FeaturePyramidNetwork(list(body.channels), channels)
        self.out_channels = channels
        self.names = [str(stride) for stride in body.strides]
        self.kept = self.names[: 1 if finest_only else None]

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        """The maps by their strides."""
        joined = self.fpn(OrderedDict(zip(self.names, self.body(images), strict=True)))
        return OrderedDict((name, joined[name]) for name in self.kept)


class FasterRcnn(DenseNetwork):
    """Faster R-CNN (Ren et al. 2015) over a feature pyramid; every part but the body is torchvision's."""

    def __init__(self, body: FeatureMaps, side: int, classes: int) -> None:
        super().__init__()
        small = side <= SMALL
        pyramid = Pyramid(body.only(strides_for(side)), 64 if small else 128, finest_only=small)
        strides = [int(name) for name in pyramid.kept]
        self.network = FasterRCNN(
            pyramid,
            min_size=side,
            max_size=side,
            image_mean=[0.0, 0.0, 0.0],  # inputs come normalised
            image_std=[1.0, 1.0, 1.0],
            rpn_anchor_generator=AnchorGenerator(
                tuple(tuple(factor * stride for factor in ANCHORS) for stride in strides),
                (RATIOS,) * len(strides),
            ),
            rpn_pre_nms_top_n_train=1_000,
            rpn_pre_nms_top_n_test=500,
            rpn_post_nms_top_n_train=256,
            rpn_post_nms_top_n_test=128,
            rpn_batch_size_per_image=64,
            box_batch_size_per_image=64,
            box_roi_pool=MultiScaleRoIAlign(pyramid.kept, output_size=7, sampling_ratio=2),
            box_head=BoxHead(pyramid.out_channels * 49, 256),
            box_predictor=Predictor(256, classes + 1),  # the background is class 0
            box_detections_per_img=MOST,
            _skip_resize=True,
        )
        self.body = body

    def loss(self, images: Tensor, targets: Any) -> Tensor:
        """The sum of its four losses."""
        return joint_loss(self.network, images, targets)

    def forward(self, images: Tensor) -> Found:
        """Boxes above a score of 0.05 after non-maximum suppression at an overlap of 0.5."""
        return found_by(self.network, images)


class BoxHead(nn.Module):
    """Two fully connected layers over what lies in a proposal."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Flatten(), nn.Linear(inputs, outputs), nn.ReLU(), nn.Linear(outputs, outputs), nn.ReLU()
        )

    def forward(self, inside: Tensor) -> Tensor:
        """Features [proposals, outputs]."""
        features: Tensor = self.layers(inside)
        return features


class Predictor(nn.Module):
    """Class scores and box corrections a class."""

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        self.scores = nn.Linear(features, classes)
        self.boxes = nn.Linear(features, 4 * classes)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores [proposals, classes] and corrections [proposals, 4 x classes]."""
        return self.scores(features), self.boxes(features)


def joint_loss(network: nn.Module, images: Tensor, targets: Any) -> Tensor:
    """The sum of the losses of one of torchvision's detectors, whose classes count from 1."""
    shifted = [{"boxes": target["boxes"], "labels": target["labels"] + 1} for target in targets]
    losses = network(list(images), shifted)
    total: Tensor = torch.stack(list(losses.values())).sum()
    return total


def found_by(network: nn.Module, images: Tensor) -> Found:
    """What one of torchvision's detectors finds, its classes counted from 0."""
    return [{**found, "labels": found["labels"] - 1} for found in network(list(images))]


class Yolox(DenseNetwork):
    """YOLOX (Ge et al. 2021): an anchor-free head for each map of a pyramid; head and losses are libreyolo's."""

    def __init__(self, body: FeatureMaps, side: int, classes: int) -> None:
        super().__init__()
        head = yolox_head()
        self.pyramid = Pyramid(body.only(strides_for(side)), 64 if side <= SMALL else 128, finest_only=False)
        width = self.pyramid.out_channels / 256
        self.head = head(classes, width=width, strides=list(body.strides), in_channels=[256] * len(body.strides))
        self.head.initialize_biases(0.01)
        self.body = body

    def loss(self, images: Tensor, targets: Any) -> Tensor:
        """The weighted sum of its losses of boxes, objectness and classes."""
        most = max((len(target["boxes"]) for target in targets), default=0)
        rows = images.new_zeros((len(targets), max(most, 1), 5))  # rows of zeros stand for no box
        for row, target in zip(rows, targets, strict=True):
            centred = box_convert(target["boxes"], "xyxy", "cxcywh")
            row[: len(centred)] = torch.cat([target["labels"][:, None].to(centred), centred], dim=1)
        losses = self.head(list(self.pyramid(images).values()), labels=rows, imgs=images)
        total: Tensor = losses["total_loss"]
        return total

    def forward(self, images: Tensor) -> Found:
        """Boxes above a score of 0.01 after non-maximum suppression at an overlap of 0.65, class by class."""
        maps = self.head(list(self.pyramid(images).values()))
        return [_suppressed(rows) for rows in _decoded(maps, self.head.strides)]


def yolox_head() -> Any:
    """The head's class; raises `Unavailable` where libreyolo is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            from libreyolo.models.yolox.nn import YOLOXHead  # here: comes with the extra `yolo`
    except ImportError:
        raise Unavailable("YOLO needs libreyolo: pip install 'ptmbench[yolo]'") from None
    return YOLOXHead


def _decoded(maps: list[Tensor], strides: list[int]) -> Tensor:
    """Rows [n, places, 4 + 1 + classes] of boxes in pixels, objectness and class scores, of a head's maps."""
    from libreyolo.postprocess.yolox import decode_outputs

    rows: Tensor = decode_outputs(maps, strides)
    return rows


def _suppressed(rows: Tensor) -> dict[str, Tensor]:
    """The boxes of one image [places, 4 + 1 + classes] that are left."""
    scores = rows[:, 4:5] * rows[:, 5:]
    place, label = torch.nonzero(scores > YOLO_SCORE, as_tuple=True)
    boxes, best = box_convert(rows[place, :4], "cxcywh", "xyxy"), scores[place, label]
    kept = batched_nms(boxes.float(), best.float(), label, YOLO_OVERLAP)[:MOST]
    return {"boxes": boxes[kept], "labels": label[kept], "scores": best[kept]}
