"""Processes that start in no time: a Python that has the frameworks loaded forks each of them.

Importing torch and its companions takes seconds, and is the same for every process that a test starts. This module run
as a script is the process that forks; `Forge` starts it and gives it orders. What a fork finds is otherwise what Python
started with these words finds: nothing of ptmbench or of pytest's plugins is loaded.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRAMEWORKS = ("torch", "torchvision", "transformers", "sklearn.datasets", "scipy.stats", "pydantic", "thop", "pytest")


class Forge:
    """The process that forks, which does one thing at a time, and what it has started last."""

    def __init__(self):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}  # threads do not survive a fork
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
        self.server = subprocess.Popen([sys.executable, __file__], env=environment, **pipes)
        self.last, self.told = None, b""
        assert self.server.pid == self.answer(300)

    def start(self, *command, cwd):
        """Starts Python with `-m MODULE` or `-c CODE`, arguments, and the environment of the test, heeding Ctrl-C."""
        if self.last and self.last.returncode is None:  # left alone by a test that failed
            self.last.kill()
        self.last = Started(self, command, Path(cwd))
        return self.last

    def run(self, *command, cwd, timeout=300):
        """The finished process."""
        process = self.start(*command, cwd=cwd)
        said = process.communicate(timeout)
        return subprocess.CompletedProcess(command, process.returncode, *said)

    def order(self, **order):
        self.server.stdin.write(json.dumps(order).encode() + b"\n")
        return self.answer(60)

    def answer(self, timeout):
        """The next number that the server tells; raises `subprocess.TimeoutExpired`."""
        stream = self.server.stdout
        while b"\n" not in self.told:
            if not select.select([stream], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("python", timeout)
            self.told += stream.read(64) or b"the server has died\n"
        line, _, self.told = self.told.partition(b"\n")
        return int(line)

    def close(self):
        self.server.stdin.close()
        self.server.wait()
        self.server.stdout.close()


class Started:
    """A process as `subprocess.Popen` shows it."""

    def __init__(self, forge, command, cwd):
        self.forge, self.returncode = forge, None
        self.folder = tempfile.TemporaryDirectory()
        self.said = [Path(self.folder.name, name) for name in ("stdout", "stderr")]
        streams = list(map(str, self.said))
        self.pid = forge.order(command=command, cwd=str(cwd), environment=dict(os.environ), streams=streams)

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def alive(self):
        """Whether it has not ended: an ended one is gone, since the forge waits for it."""
        return Path(f"/proc/{self.pid}").exists()

    def lines(self):
        """What it has said so far, on both streams."""
        return [line for path in self.said if path.exists() for line in path.read_text().splitlines()]

    def communicate(self, timeout):
        """Waits for the end; what was written to standard output and standard error."""
        try:
            self.returncode = self.forge.answer(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        said = [path.read_text() for path in self.said]
        self.folder.cleanup()
        return said

    def kill(self):
        self.send_signal(signal.SIGKILL)
        self.returncode = self.forge.answer(60)
        self.folder.cleanup()


def become(command, cwd, environment, streams):
    """Makes of this fork what Python is when it starts, and runs the module or the code to the end of the process."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    ends = [os.open(os.devnull, os.O_RDONLY)]
    ends += [os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for path in streams]
    for number, end in enumerate(ends):
        os.dup2(end, number)
        os.close(end)
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115  the old one belongs to the server
    encoding, _, errors = environment.get("PYTHONIOENCODING", "").partition(":")
    if encoding:
        sys.stdout.reconfigure(encoding=encoding, errors=errors or "strict")
        sys.stderr.reconfigure(encoding=encoding, errors="backslashreplace")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    kind, what, *sys.argv[1:] = command
    sys.argv[0] = kind
    sys.path[0] = cwd if kind == "-m" else ""
    sys.path[1:1] = [
        path for path in environment.get("PYTHONPATH", "").split(os.pathsep) if path not in {"", str(ROOT)}
    ]
    code = 1
    try:
        if kind == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(what, {"__name__": "__main__"})  # noqa: S102  it is what was asked for
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001  as the interpreter itself would
        traceback.print_exc()
    finally:
        leave(code)


def leave(code):
    """Ends this process as Python does, but for taking apart what was loaded, which takes as long as loading it."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main():
    """Loads everything once and tells its id; then serves orders, each with the id of its process and its exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal is for the tests
    for name in FRAMEWORKS:
        importlib.import_module(name)
    gc.freeze()  # a fork's collector would copy all of it to look at it
    print(os.getpid(), flush=True)  # noqa: T201  an answer
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if not child:
            become(**json.loads(line))
        print(child, flush=True)  # noqa: T201  an answer
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)  # noqa: T201  an answer
    leave(0)


if __name__ == "__main__":
    main()
