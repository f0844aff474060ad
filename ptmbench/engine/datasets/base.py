"""What a data set is to the engine: samples with stable ids. Splits are made from the ids (`ptmbench.splits`)."""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class LabelledImages:
    """Images [n, 3, h, w] (uint8) with labels [n] (int64, indices of `classes`) and one id a sample.

    Two data sets made from the same handwriting give it the same id, so that no hand is in training here and in
    test there.
    """

    ids: tuple[str, ...]
    images: Tensor
    labels: Tensor
    classes: tuple[str, ...]
