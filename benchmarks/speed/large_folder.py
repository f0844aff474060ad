"""Does memory grow with a user's data set? Indexes and decodes folders of generated pictures.

    python benchmarks/speed/large_folder.py [COUNT ...]        default: 10000 100000

For each count, in a process of its own: seconds to index the folder (every file is hashed, none decoded), seconds to
decode all of it in worker processes at 64 x 64, and the largest resident memory of the process and of a worker above
what it had before. Prints the ratio of the last two counts. The files are hard links to 64 pictures, so that writing
them takes no disk: what is read is as much as if they were not.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from tabulate import tabulate

CLASSES, PICTURES, SIDE, BATCH = 10, 64, 64, 256
MIB = 1024  # ru_maxrss counts KiB


def generate(folder: Path, count: int) -> None:
    """A folder of `count` pictures of noise in ten classes."""
    generator = np.random.default_rng(0)
    originals = folder / "originals"
    originals.mkdir()
    for index in range(PICTURES):
        Image.fromarray(generator.integers(0, 255, (SIDE, SIDE, 3), dtype=np.uint8)).save(originals / f"{index}.png")
    for label in range(CLASSES):
        place = folder / "photos" / f"class{label}"
        place.mkdir(parents=True)
        for index in range(label, count, CLASSES):
            os.link(originals / f"{index % PICTURES}.png", place / f"{index}.png")


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


def main(counts: list[int]) -> None:
    """A row for each count, and how the last compares with the one before."""
    rows = []
    for count in counts:
        with tempfile.TemporaryDirectory() as name:
            generate(Path(name), count)
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
    else:
        main([int(argument) for argument in sys.argv[1:]] or [10_000, 100_000])
