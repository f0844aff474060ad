"""Bringing pictures to the size of a network: how near to Pillow, and how soon, beside torchvision's first interface.

    python benchmarks/speed/resizing.py

Three trial pictures at four sizes a filter, both ways: the mean and the largest difference from Pillow in grey values,
for filters that the first interface has. Then one photograph of 500 x 375 pixels, bilinear to 256, in turn on one
thread. Prints the minimum and median ratio of the first interface's time to ours, and ends with `ratio X (goal 1)`.
"""

import time
from statistics import median

import numpy as np
import torch
from PIL import Image
from tabulate import tabulate
from torchvision.transforms.functional import InterpolationMode, resize

from ptmbench.engine.inputs.own_pictures import trial_pictures
from ptmbench.engine.inputs.pictures import Interpolation, scaled

FILTERS: tuple[Interpolation, ...] = ("bilinear", "bicubic", "nearest")
SIZES = ([256], [32, 32], [600], [100, 40])
ROUNDS, CALLS = 7, 50


def first_interface(images: torch.Tensor, size: list[int], name: Interpolation) -> torch.Tensor:
    """What torchvision's first interface makes of bytes."""
    found: torch.Tensor = resize(images, size, InterpolationMode(name), antialias=True)
    return found


def differences(name: Interpolation) -> list[float]:
    """Mean and largest difference from Pillow: of the first interface, then of ours."""
    apart: dict[str, list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]] = {"first": [], "ours": []}
    for picture in trial_pictures():
        images = torch.from_numpy(picture).permute(2, 0, 1)[None]
        for size in SIZES:
            for side, resized in (("first", first_interface), ("ours", scaled)):
                found = resized(images, size, name)[0].permute(1, 2, 0).numpy()
                shape = found.shape[1], found.shape[0]
                own = np.array(Image.fromarray(picture).resize(shape, Image.Resampling[name.upper()]))
                apart[side].append(np.abs(found.astype(np.int64) - own))
    return [
        figure
        for found in apart.values()
        for figure in (float(np.mean([each.mean() for each in found])), float(max(each.max() for each in found)))
    ]


def ratios() -> list[float]:
    """The time of the first interface over ours, a round each."""
    generator = torch.Generator().manual_seed(0)
    picture = torch.randint(256, (375, 500, 3), dtype=torch.uint8, generator=generator).permute(2, 0, 1)[None]
    found = []
    for _ in range(ROUNDS):
        seconds = []
        for resized in (first_interface, scaled):
            resized(picture, [256], "bilinear")
            started = time.perf_counter()
            for _ in range(CALLS):
                resized(picture, [256], "bilinear")
            seconds.append(time.perf_counter() - started)
        found.append(seconds[0] / seconds[1])
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    rows = [[name, *differences(name)] for name in FILTERS]
    print(tabulate(rows, headers=["filter", "first mean", "largest", "ours mean", "largest"], floatfmt=".4f"))
    measured = ratios()
    print(f"min and median ratio {min(measured):.2f} {median(measured):.2f}")
    print(f"ratio {median(measured):.2f} (goal 1)")
