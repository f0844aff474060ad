"""The classical control for pictures: histograms of oriented gradients beside histograms of colour, without a network.

Gradients as in Dalal & Triggs, "Histograms of Oriented Gradients for Human Detection" (CVPR 2005): filter [-1, 0, 1]
without smoothing, of each pixel the channel where it is steepest; 9 unsigned orientations, each vote shared between the
two nearest; cells of 8 x 8 pixels; overlapping blocks of 2 x 2 cells, normalised by L2-Hys. Their votes are shared
between cells too, ours are not. Colours as in Swain & Ballard, "Color Indexing" (IJCV 1991): one joint histogram of
red, green and blue, here of each quarter of the picture and as square roots, whose inner product is the
Bhattacharyya coefficient.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ptmbench.catalog.spec import ModelSpec
from ptmbench.engine.inputs.pictures import ImagePreprocessing
from ptmbench.engine.models.backbone import Backbone, LoadedModel
from ptmbench.engine.models.provider import ModelProvider

SIDE = 64  # pixels that every picture is brought to: a small one loses nothing, a large one keeps its outlines
CELL = 8
ORIENTATIONS = 9
BLOCK = 2  # cells a side
HIGHEST = 0.2  # of a block's values before it is normalised again: L2-Hys
LEAST_NORM = 1e-5  # of a block, in units of mean gradient: flat blocks stay near zero
SHADES = 4  # a channel
QUARTERS = 2  # a side
BLOCKS = SIDE // CELL - BLOCK + 1
GRADIENTS = BLOCKS**2 * BLOCK**2 * ORIENTATIONS
COLOURS = QUARTERS**2 * SHADES**3


def steepest(pictures: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients down and to the right [n, h, w] of the channel whose gradient is longest; 0 across an edge.

    Args:
        pictures: [n, 3, h, w].

    Returns:
        Differences of the two neighbours of each pixel, not halved.
    """
    down, right = torch.zeros_like(pictures), torch.zeros_like(pictures)
    down[:, :, 1:-1] = pictures[:, :, 2:] - pictures[:, :, :-2]
    right[..., 1:-1] = pictures[..., 2:] - pictures[..., :-2]
    channel = (down.square() + right.square()).argmax(1, keepdim=True)
    return down.gather(1, channel)[:, 0], right.gather(1, channel)[:, 0]


def cells_of(pictures: Tensor) -> Tensor:
    """The mean length of gradients of each orientation in each cell.

    Args:
        pictures: [n, 3, h, w], sides multiples of `CELL`.

    Returns:
        [n, orientations, h / CELL, w / CELL].
    """
    down, right = steepest(pictures)
    length = (down.square() + right.square()).sqrt()
    place = torch.atan2(down, right).remainder(math.pi) * (ORIENTATIONS / math.pi) - 0.5  # whole at middles of bins
    lower = place.floor()
    share = place - lower
    first = lower.long().remainder(ORIENTATIONS)
    votes = pictures.new_zeros(len(pictures), ORIENTATIONS, *pictures.shape[2:])
    votes.scatter_add_(1, first[:, None], (length * (1 - share))[:, None])
    votes.scatter_add_(1, (first + 1).remainder(ORIENTATIONS)[:, None], (length * share)[:, None])
    return functional.avg_pool2d(votes, CELL)


def blocks_of(cells: Tensor) -> Tensor:
    """Overlapping blocks of cells, each normalised, cut off at `HIGHEST` and normalised again.

    Args:
        cells: [n, orientations, rows, columns].

    Returns:
        [n, values a block, blocks].
    """
    blocks = functional.unfold(cells, BLOCK)
    for highest in (HIGHEST, math.inf):
        norms = (blocks.square().sum(1, keepdim=True) + LEAST_NORM**2).sqrt()
        blocks = (blocks / norms).clamp_max(highest)
    return blocks


def colours_of(pictures: Tensor) -> Tensor:
    """The square root of the share of each joint colour in each quarter.

    Args:
        pictures: [n, 3, h, w], values from 0 to 1.

    Returns:
        [n, quarters * colours]; the squares of each quarter sum to 1.
    """
    count, _, height, width = pictures.shape
    red, green, blue = (pictures * SHADES).long().clamp(0, SHADES - 1).unbind(1)
    rows = torch.arange(height, device=pictures.device) * QUARTERS // height
    columns = torch.arange(width, device=pictures.device) * QUARTERS // width
    quarter = rows[:, None] * QUARTERS + columns
    places = ((quarter * SHADES + red) * SHADES + green) * SHADES + blue
    counts = pictures.new_zeros(count, COLOURS)
    counts.scatter_add_(1, places.flatten(1), pictures.new_ones(count, height * width))
    return (counts * (QUARTERS**2 / (height * width))).sqrt()


class HogColour(nn.Module):
    """Pictures [n, 3, side, side], values from 0 to 1, to features [n, gradients + colours]."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Gradients of all blocks, then colours of all quarters; float32 whatever the precision of the run."""
        pictures = pictures.float()
        return torch.cat([blocks_of(cells_of(pictures)).flatten(1), colours_of(pictures)], dim=1)


def build(spec: ModelSpec, seed: int) -> LoadedModel:
    """No network at all: a function of the picture, whatever the seed. Blocks and quarters are of norm 1 already."""
    backbone = Backbone(nn.Identity(), HogColour(), feature_size=GRADIENTS + COLOURS).eval()
    preprocessing = ImagePreprocessing(SIDE, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    return LoadedModel(backbone, preprocessing, None, None, 0, None, standardise=False)


PROVIDER = ModelProvider(build, lambda _spec: None)
