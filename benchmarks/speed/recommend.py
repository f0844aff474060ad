"""How long the first answer of `ptmbench recommend` takes: eight embedded models, 500 pictures, from a cold start.

python benchmarks/speed/recommend.py            prints seconds, the share that is no case's work, and the ratio to 90 s
python benchmarks/speed/recommend.py --runs 3   as often, each in a folder of its own
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

GOAL_S = 90.0
CLASSES, EACH, SIDE = 5, 100, 48
ANGLES = np.linspace(0, np.pi, CLASSES, endpoint=False)


def make_pictures(folder: Path) -> None:
    """Stripes of five directions, each of a phase and width of its own, with noise on top."""
    rng = np.random.default_rng(0)
    across, down = np.meshgrid(np.arange(SIDE), np.arange(SIDE))
    for label, angle in enumerate(ANGLES):
        place = folder / f"direction{label}"
        place.mkdir(parents=True)
        for number in range(EACH):
            turned = angle + rng.normal(0, 0.12)
            along = across * np.cos(turned) + down * np.sin(turned)
            waves = 110 + 70 * np.sin(along / rng.uniform(1.5, 4.0) + rng.uniform(0, 6))
            pixels = waves[..., None] + rng.normal(0, 35, (SIDE, SIDE, 3))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place / f"{number}.png")


def answered(folder: Path) -> tuple[float, float]:
    """Seconds from the start of the command to its answer, and of the work of cases and scores in it."""
    command = [
        sys.executable,
        "-m",
        "ptmbench",
        "recommend",
        "--task",
        "imagefolder:photos",
        "--json",
        "--results",
        "out",
    ]
    surroundings = {**os.environ, "PTMBENCH_CACHE": "off"}
    started = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=surroundings, check=True, capture_output=True, text=True)
    elapsed = time.perf_counter() - started
    found = json.loads(done.stdout)
    pick = found["pick"] or {"model": "none", "method": "", "test": None}
    test = f", {100 * pick['test']['value']:.1f} % on the test part" if pick["test"] else ""
    print(f"{elapsed:.0f} s: {pick['model']} {pick['method']}{test}; {found['cost']['seconds']:.0f} s of it in cases")
    return elapsed, float(found["cost"]["seconds"])


def main() -> None:
    """Measures, and prints the ratio to the goal."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--runs", type=int, default=1)
    runs = []
    for _ in range(parser.parse_args().runs):
        with tempfile.TemporaryDirectory() as folder:
            make_pictures(Path(folder) / "photos")
            runs.append(answered(Path(folder)))
    elapsed, inside = (median(values) for values in zip(*runs, strict=True))
    print(f"outside of cases: {100 * (1 - inside / elapsed):.0f} % (imports, data, weights, the decision itself)")
    print(f"ratio {elapsed / GOAL_S:.2f} (goal 1.00)")


if __name__ == "__main__":
    main()
