"""A process that has everything loaded and forks a small run for each fault: starting Python anew would take seconds.

It reads orders as lines of JSON from its standard input and answers each with a line: the exit code of the run (below
0: the signal that ended it), how many file operations it had come to, and what it printed.
"""

import contextlib
import errno
import io
import json
import os
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

CASES = [("pixels", "digits_1shot", "knn"), ("pixels", "digits_1shot", "linear_probe")]
WRITE = os.write  # as it is, whatever the shim does to it
OPERATIONS = ("open", "write", "fsync", "replace", "unlink", "mkdir", "rmdir")


class Shim:
    """Counts what is done to the file system, and lets the n-th operation go wrong in one way.

    full: it and all later ones find no space; failing: it alone fails; before, after: the process is killed then;
    torn: a write gets half of its bytes to the disk before the process is killed; vanishing: the results folder goes.
    """

    def __init__(self, way, number, results):
        self.way, self.number, self.results, self.count = way, number, results, 0

    def install(self):
        for name in OPERATIONS:
            setattr(os, name, self.wrapped(name, getattr(os, name)))

    def wrapped(self, name, function):
        def call(*arguments, **options):
            if name == "open" and not arguments[1] & (os.O_WRONLY | os.O_RDWR):
                return function(*arguments, **options)
            self.count += 1
            hit = self.count == self.number
            if self.way == "full" and self.count >= self.number and name in {"open", "write", "fsync", "mkdir"}:
                raise OSError(errno.ENOSPC, "No space left on device")
            if hit:
                self.go_wrong(name, function, arguments)
            found = function(*arguments, **options)
            if hit and self.way == "after":
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return call

    def go_wrong(self, name, function, arguments):
        if self.way == "failing":
            raise OSError(errno.EIO, "Input/output error")
        if self.way == "torn" and name == "write":
            function(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
        if self.way in {"before", "torn"}:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.way == "vanishing":
            shutil.rmtree(self.results, ignore_errors=True)


def small_run(bench, order):
    """What a forked child does; returns its exit code, and never comes back to the nursery's own loop."""
    from ptmbench.catalog.cases import find_case
    from ptmbench.errors import PtmbenchError
    from ptmbench.running.session import Session
    from ptmbench.running.signals import ended_like_ctrl_c

    results = Path(order["results"])
    shim = Shim(order.get("way"), order.get("number", 0), results)
    shim.install()
    said = io.StringIO()
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with contextlib.redirect_stderr(said), ended_like_ctrl_c():
            with Session(bench.settings, folder=results, resume=order.get("resume", False), _bench=bench) as session:
                for _ in session.run_all([find_case(*case) for case in CASES]):
                    pass
                session.finish()
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run is over, and its answer is on its way
            code = 3 if session.faults else 0
            said.write("\n".join(session.faults.values()))
    except PtmbenchError as error:
        code = 2
        said.write(str(error))
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001  whatever it is, the answer tells of it
        code = 3
        said.write(traceback.format_exc())
    return code, shim.count, said.getvalue()


def forked(benches, order):
    """Runs an order in a child, sends it a signal after so many seconds where one was asked for, and waits for it."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the run begins
        try:
            os.close(reading)
            found = small_run(benches[order.get("seeds", 1)], order)
            WRITE(writing, json.dumps(found[1:]).encode()[:60_000])
            os._exit(found[0])
        finally:
            os._exit(99)
    os.close(writing)
    if order.get("signal"):
        time.sleep(order["after_s"])
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, order["signal"])
    with os.fdopen(reading, "rb") as stream:
        told = stream.read()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    count, said = json.loads(told) if told else (None, "")
    return {"code": code, "count": count, "said": said}


def main():
    """Loads everything once, then serves orders until the input ends."""
    from dataclasses import replace

    from ptmbench.catalog.cases import find_case
    from ptmbench.catalog.settings import check_settings
    from ptmbench.engine.workbench import Workbench
    from ptmbench.running.work import work

    settings = check_settings(budget="smoke", device="cpu", measures_latency=False, threads=1)
    bench = Workbench(settings)
    for case in CASES:
        assert work(bench, find_case(*case)).status == "ok"
    more = replace(settings, seeds=2)
    twice = Workbench(more)
    for name in ("_data", "_models", "_frozen", "_footprints"):
        setattr(twice, name, getattr(bench, name))
    print("ready", flush=True)  # noqa: T201  an answer
    for line in sys.stdin:
        print(json.dumps(forked({1: bench, 2: twice}, json.loads(line))), flush=True)  # noqa: T201  an answer


if __name__ == "__main__":
    main()
