"""Does memory grow with a user's data set? Indexes and decodes folders of generated pictures.

    python benchmarks/speed/large_folder.py [COUNT ...]        default: 10000 100000
    python benchmarks/speed/large_folder.py --compare [COUNT]  default: 4000

For each count, in a process of its own: seconds to index the folder (every file is hashed, none decoded), seconds to
decode all of it in worker processes at 64 x 64, and the largest resident memory of the process and of a worker above
what it had before. Prints the ratio of the last two counts. The files are hard links to 64 pictures, so that writing
them takes no disk: what is read is as much as if they were not.

`--compare` reads photographs of 500 x 375 pixels (JPEG, quality 90) as a ResNet takes them (256, 224 from the middle),
from the folder to normalised batches: ptmbench (which hashes every file too, and keeps what it decoded) against
torchvision's ImageFolder with a DataLoader of as many workers as cores, and timm's reader with its loader. Every side
is a process of its own, in turn; two passes each. Prints the ratio of the first pass and of the second.
"""

import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tabulate import tabulate

CLASSES, PICTURES, SIDE, BATCH = 10, 64, 64, 256
PHOTO, RESIZED, INPUT = (375, 500), 256, 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet
SIDES, ROUNDS = ("ptmbench", "torchvision", "timm"), 3
GOALS = {"first": 1.0, "later": 5.0}
MIB = 1024  # ru_maxrss counts KiB


def noise(generator: np.random.Generator) -> Image.Image:
    """A small picture of noise."""
    return Image.fromarray(generator.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8))


def photograph(generator: np.random.Generator) -> Image.Image:
    """Soft shapes with grain, which compress as photographs do: about 75 kB."""
    height, width = PHOTO
    coarse = Image.fromarray(generator.integers(0, 255, (12, 16, 3), dtype=np.uint8)).resize((width, height))
    grain = generator.integers(-20, 20, (height, width, 3))
    return Image.fromarray((np.asarray(coarse, dtype=np.int64) + grain).clip(0, 255).astype(np.uint8))


def generate(folder: Path, count: int, paint: Callable[[np.random.Generator], Image.Image], suffix: str) -> None:
    """A folder of `count` pictures in ten classes."""
    generator = np.random.default_rng(0)
    originals = folder / "originals"
    originals.mkdir()
    for index in range(PICTURES):
        paint(generator).save(originals / f"{index}{suffix}", quality=90)
    for label in range(CLASSES):
        place = folder / "photos" / f"class{label}"
        place.mkdir(parents=True)
        for index in range(label, count, CLASSES):
            os.link(originals / f"{index % PICTURES}{suffix}", place / f"{index}{suffix}")


def peak() -> tuple[float, float]:
    """The largest resident memory so far of this process and of the largest finished child, in MiB."""
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own / MIB, child / MIB


def measure(folder: Path) -> dict[str, float]:
    """What indexing and decoding a folder takes; run in a process of its own."""
    from ptmbench.engine.data import load
    from ptmbench.engine.inputs.pictures import ImagePreprocessing

    before, started = peak()[0], time.perf_counter()
    data = load(f"imagefolder:{folder}")
    indexed, index_s = peak()[0], time.perf_counter() - started
    inputs = data.encoded(ImagePreprocessing(SIDE, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))).inputs
    examples, started = range(len(inputs)), time.perf_counter()
    order = [examples[start : start + BATCH] for start in range(0, len(examples), BATCH)]
    seen = sum(len(batch) for batch in inputs.batches(order))
    decode_s, (decoded, worker) = time.perf_counter() - started, peak()
    return {
        "images": seen,
        "index s": index_s,
        "decode s": decode_s,
        "MiB before": before,
        "index adds MiB": indexed - before,
        "decoding adds MiB": decoded - indexed,
        "largest worker MiB": worker,
    }


def passes_of(side: str, folder: Path) -> list[float]:
    """Seconds of two passes over all pictures of a folder, from its names to normalised batches."""
    opened, seconds = OPENERS[side](), []  # imports are none of a pass
    started = time.perf_counter()
    batches = opened(folder)
    for _ in range(2):
        for batch in batches():
            assert tuple(batch.shape[1:]) == (3, INPUT, INPUT)
        seconds.append(time.perf_counter() - started)
        started = time.perf_counter()
    return seconds


Passes = Callable[[], Iterator[Any]]


def ours() -> Callable[[Path], Passes]:
    """What ptmbench does: hashed, decoded once, kept."""
    from ptmbench.catalog.places import feature_cache
    from ptmbench.engine.data import load
    from ptmbench.engine.inputs.batches import kept_in
    from ptmbench.engine.inputs.pictures import ImagePreprocessing
    from ptmbench.engine.transfer.feature_identity import of_decoding

    def opened(folder: Path) -> Passes:
        data, preprocessing = load(f"imagefolder:{folder}"), ImagePreprocessing(INPUT, MEAN, STD, resize=RESIZED)
        inputs = kept_in(data.encoded(preprocessing).inputs, feature_cache(), of_decoding())
        order = [range(start, min(start + BATCH, len(inputs))) for start in range(0, len(inputs), BATCH)]
        return lambda: inputs.batches(order)

    return opened


def torchvision() -> Callable[[Path], Passes]:
    """ImageFolder and a DataLoader with the transforms of the weights."""
    from torch.utils.data import DataLoader
    from torchvision.datasets import ImageFolder
    from torchvision.models import ResNet18_Weights

    def opened(folder: Path) -> Passes:
        found = ImageFolder(folder, transform=ResNet18_Weights.DEFAULT.transforms())
        loader = DataLoader(found, batch_size=BATCH, num_workers=os.cpu_count() or 1)
        return lambda: (images for images, _ in loader)

    return opened


def timm() -> Callable[[Path], Passes]:
    """The reader and the loader of timm, on the CPU."""
    from timm.data import create_dataset, create_loader  # type: ignore[import-not-found]  # an extra

    def opened(folder: Path) -> Passes:
        loader = create_loader(
            create_dataset("", str(folder)),
            input_size=(3, INPUT, INPUT),
            batch_size=BATCH,
            interpolation="bilinear",
            mean=MEAN,
            std=STD,
            crop_pct=INPUT / RESIZED,
            num_workers=os.cpu_count() or 1,
            use_prefetcher=False,
        )
        return lambda: (images for images, _ in loader)

    return opened


OPENERS = {"ptmbench": ours, "torchvision": torchvision, "timm": timm}


def compare(count: int) -> None:
    """The sides in turn, each in a process of its own with an empty cache, and how their passes compare."""
    seconds: dict[str, list[list[float]]] = {side: [] for side in SIDES}
    with tempfile.TemporaryDirectory() as name:
        generate(Path(name), count, photograph, ".jpg")
        for turn in range(ROUNDS):
            for side in SIDES:
                environment = {**os.environ, "PTMBENCH_CACHE": str(Path(name) / f"cache{turn}")}
                command = [sys.executable, __file__, "--passes", side, str(Path(name) / "photos")]
                done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
                seconds[side].append(json.loads(done.stdout.splitlines()[-1]))
                print(side, *(f"{each:.1f} s" for each in seconds[side][-1]), flush=True)
            shutil.rmtree(Path(name) / f"cache{turn}", ignore_errors=True)
    for place, (what, goal) in enumerate(GOALS.items()):
        for other in SIDES[1:]:
            pairs = zip(seconds[other], seconds["ptmbench"], strict=True)
            ratios = [theirs[place] / mine[place] for theirs, mine in pairs]
            print(
                f"{what} pass against {other}: ratio {min(ratios):.2f} to {max(ratios):.2f}, "
                f"median {statistics.median(ratios):.2f} (goal {goal:g})"
            )


def main(counts: list[int]) -> None:
    """A row for each count, and how the last compares with the one before."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            generate(Path(name), count, noise, ".png")
            command = [sys.executable, __file__, "--measure", str(Path(name) / "photos")]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append(json.loads(done.stdout.splitlines()[-1]))
            print(rows[-1], flush=True)
    print(tabulate(rows, headers="keys", floatfmt=".1f"))
    if len(rows) > 1:
        total = [row["MiB before"] + row["index adds MiB"] + row["decoding adds MiB"] for row in rows[-2:]]
        ratio = rows[-1]["images"] / rows[-2]["images"]
        print(f"{ratio:.0f} times as many pictures: {total[1] / total[0]:.2f} times the memory")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(Path(sys.argv[2]))))
    elif sys.argv[1:2] == ["--passes"]:
        print(json.dumps(passes_of(sys.argv[2], Path(sys.argv[3]))))
    elif sys.argv[1:2] == ["--compare"]:
        compare(int(sys.argv[2]) if len(sys.argv) > 2 else 4_000)
    else:
        main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
