"""Does the results site stay quick when results grow? Builds and opens one of many records.

    python benchmarks/speed/site.py [COUNT]        default: 5000

Writes COUNT records into a temporary folder, copies of one committed record with other names and other test
predictions, with 100 of them a task; builds the site as `ptmbench report --format html` does, in a process of its own;
opens it in headless Chromium, where one is installed (needs playwright), and filters it by a model's name, by task and
by method. Prints seconds of building and opening, milliseconds of filtering (the slowest of each), and the largest
file. Expected with 5,000 records on 2 cores: below 20 s, 2 s and 100 ms.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ptmbench.records.record import Outcomes, Record, quality_of
from ptmbench.records.store import ResultsFolder

COMMITTED = Path(__file__).parents[2] / "results" / "embedded" / "quick-cpu-fp32"
CASE = "resnet_tiny.glyphs-digits_5shot-linear_probe"
A_TASK = 100
METHODS = ("linear_probe", "knn", "fine_tune", "fine_tune_last")
FAMILIES = ("supervised", "unsupervised", "self_supervised")
FILTERS = """async () => {
  const slowest = {};
  const drawn = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
  const tries = { model: ["1", "12", "123", ""], task: ["task7", "task8", ""], method: ["knn", ""] };
  for (const [name, values] of Object.entries(tries)) {
    for (const value of values) {
      const control = document.forms.filters.elements[name];
      const changed = new Promise((done) => window.addEventListener("hashchange", done, { once: true }));
      const started = performance.now();
      control.value = value;
      control.dispatchEvent(new Event("input", { bubbles: true }));
      await changed;
      await drawn();
      slowest[name] = Math.max(slowest[name] ?? 0, performance.now() - started);
    }
  }
  return slowest;
}"""


def generate(folder: Path, count: int) -> None:
    """So many records that differ in names, predictions and figures, with their outcomes."""
    committed = ResultsFolder(COMMITTED)
    record = committed.read(CASE)
    assert record is not None
    with committed.outcomes(record) as found:
        outcomes = {name: found[name] for name in found}
    shutil.copy(COMMITTED / "_folder.json", folder)
    (folder / "outcomes").mkdir()
    generator = np.random.default_rng(0)
    for index in range(count):
        wrong = generator.random(outcomes["truth"].shape[-1]) < generator.uniform(0.05, 0.4)
        predictions = np.where(wrong, (outcomes["truth"] + 1) % 10, outcomes["truth"])[None]
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **(outcomes | {"predictions": predictions.astype(np.uint8)}))
        made = _copy(record, index, buffer.getvalue(), float(1 - wrong.mean()))
        (folder / quality_of(made).outcomes.file).write_bytes(buffer.getvalue())
        (folder / f"{made.case.id}.json").write_text(made.model_dump_json())


def _copy(record: Record, index: int, outcomes: bytes, value: float) -> Record:
    """The record under names of its own; the first of each task was trained from scratch."""
    first = index % A_TASK == 0
    model, task = f"model{index % A_TASK // 4}", f"task{index // A_TASK}"
    method = "from_scratch" if first else METHODS[index % 4]
    name = f"{model}-{task}-{method}"
    case = record.case.model_copy(
        update={
            "id": name,
            "digest": hashlib.sha256(name.encode()).hexdigest(),
            "model": record.case.model.model_copy(
                update={"name": model, "family": "control" if first else FAMILIES[index % A_TASK // 4 % 3]}
            ),
            "task": record.case.task.model_copy(update={"name": task}),
            "method": record.case.method.model_copy(update={"name": method}),
        }
    )
    sidecar = Outcomes(file=f"outcomes/{name}.npz", sha256=hashlib.sha256(outcomes).hexdigest())
    quality = quality_of(record).model_copy(update={"value": value, "outcomes": sidecar})
    return record.model_copy(update={"case": case, "quality": quality})


def opened(site: Path) -> tuple[float, dict[str, float]]:
    """Seconds until the leaderboard stands in a browser, and milliseconds of the slowest filter of each kind."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        started = time.perf_counter()
        page.goto((site / "index.html").as_uri())
        page.wait_for_selector("#board tbody tr")
        seconds = time.perf_counter() - started
        slowest = page.evaluate(FILTERS)
        browser.close()
    return seconds, slowest


def main(count: int) -> None:
    """Generates, builds, opens and prints."""
    with tempfile.TemporaryDirectory() as name:
        folder, site = Path(name) / "quick-cpu-fp32", Path(name) / "site"
        folder.mkdir()
        generate(folder, count)
        command = [sys.executable, "-m", "ptmbench", "report", str(folder), "--format", "html", "-o", str(site)]
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        print(f"{count} records: built in {time.perf_counter() - started:.1f} s", flush=True)
        files = sorted((path for path in site.rglob("*") if path.is_file()), key=lambda path: -path.stat().st_size)
        total = sum(path.stat().st_size for path in files)
        for path in files[:2]:
            print(f"{path.relative_to(site)}: {path.stat().st_size / 1e6:.1f} MB")
        print(f"{len(files)} files, {total / 1e6:.0f} MB together")
        if shutil.which("chromium") is None:
            print("no chromium here: opening and filtering were not measured")
            return
        seconds, slowest = opened(site)
        print(f"opened in {seconds:.2f} s; filtered in", end=" ")
        print(", ".join(f"{milliseconds:.0f} ms ({kind})" for kind, milliseconds in slowest.items()))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000)
