"""Launches: `ptmbench run` in processes of their own, of one revision or of two in turn.

Noise of a machine comes in spells longer than a launch. Launches of two revisions therefore alternate, A B A B, each
pair in its own order, so that a spell meets both.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ptmbench.errors import UsageError

Tell = Callable[[str], None]
NAMES = ("baseline", "current")


@dataclass(frozen=True, slots=True)
class Revision:
    """What a launch runs: a Python interpreter, and the folder that its ptmbench is imported from (None: installed)."""

    name: str
    python: Path
    source: Path | None = None

    def run(self, options: Sequence[str], results: Path) -> None:
        """One launch into a results folder; raises `UsageError` with what it printed where it could not run."""
        words = str(os.getpid()), str(self.source or ""), "run", *options, "--results", str(results)
        finished = subprocess.run(
            [str(self.python), "-c", _LAUNCH, *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PTMBENCH_CACHE": "off"},  # features that were kept have the seconds of another launch
        )
        if finished.returncode not in {0, 1}:  # 1: a case failed or missed its floor, and its record says so
            last = "\n".join(finished.stderr.strip().splitlines()[-5:])
            raise UsageError(f"a launch of {self.name} ended with {finished.returncode}:\n{last}")


# An import path given by -c is not overridden by the launch's own folder; what an editable install adds comes later.
# A launch ends with the process that made it, were that killed: nobody would read what it measures.
_LAUNCH = """
import os, signal, sys, threading, time
parent, source = int(sys.argv.pop(1)), sys.argv.pop(1)
def end_with_parent():
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    os._exit(1)
threading.Thread(target=end_with_parent, daemon=True).start()
if source:
    sys.path.insert(0, source)
from ptmbench.cli import main
sys.exit(main(sys.argv[1:]))
"""


def here() -> Revision:
    """The ptmbench that runs now."""
    return Revision("current", Path(sys.executable), Path(__file__).parents[2])


@contextmanager
def revision(against: str, workplace: Path) -> Iterator[Revision]:
    """The revision that a git reference names, checked out below a folder, or the ptmbench of another interpreter."""
    interpreter = Path(against)
    if interpreter.is_file():
        yield Revision("baseline", interpreter)
        return
    repository = Path(__file__).parents[2]
    commit = _git(repository, "rev-parse", "--verify", "--quiet", f"{against}^{{commit}}")
    if commit is None:
        raise UsageError(
            f"--against {against!r} is neither a revision of {repository.name} nor a Python interpreter: expected for "
            "example --against main or --against ../other/.venv/bin/python"
        )
    checkout = workplace / "checkout"
    if _git(repository, "worktree", "add", "--detach", str(checkout), commit) is None:
        raise UsageError(f"{against} cannot be checked out into {checkout}")
    try:
        yield Revision("baseline", Path(sys.executable), checkout)
    finally:
        _git(repository, "worktree", "remove", "--force", str(checkout))


def _git(repository: Path, *words: str) -> str | None:
    """What a git command says, None where it fails."""
    try:
        finished = subprocess.run(["git", *words], cwd=repository, capture_output=True, text=True, check=False)
    except OSError:
        raise UsageError("--against needs git, which cannot be run") from None
    return finished.stdout.strip() if finished.returncode == 0 else None


def launch(revision_run: Revision, options: Sequence[str], count: int, folder: Path, tell: Tell) -> None:
    """Launches of one revision into folders `launch-01` and so on; what is there already counts."""
    for number in range(1, count + 1):
        _one(revision_run, options, folder / f"launch-{number:02}", tell, f"{number} of {count}")


def alternate(sides: Sequence[Revision], options: Sequence[str], count: int, folder: Path, tell: Tell) -> None:
    """Launches of two revisions in turn into `baseline` and `current`, every second pair the other way round."""
    for number in range(1, count + 1):
        order = list(zip(NAMES, sides, strict=True))
        for name, side in order if number % 2 else reversed(order):
            _one(side, options, folder / name / f"launch-{number:02}", tell, f"{name} {number} of {count}")


def _one(side: Revision, options: Sequence[str], results: Path, tell: Tell, name: str) -> None:
    if not (results / "_launched").exists():
        side.run(options, results)
        (results / "_launched").touch()
    tell(f"launch {name}: {results}")
