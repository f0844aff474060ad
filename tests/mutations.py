"""Seeded mutations of valid files, and what is promised whatever came of them.

`PTMBENCH_FAULTS` is about how many inputs are tried in all: 500 in the usual suite, 10,000 by `tox -e faults`.
"""

import contextlib
import copy
import json
import os
import random
import signal
import time
from pathlib import Path

from ptmbench.errors import PtmbenchError

ALL = int(os.environ.get("PTMBENCH_FAULTS", "500")) >= 10_000
LIMIT_S = 20
DEEP = 50_000  # brackets: Python's own parsers give up at a thousand
HOSTILE_BYTES = [
    *(b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\r", b"\n", b"\n\n", b"\t", b'"', b"'", b"\\", b","),
    *(b"[" * DEEP, b"{" * DEEP, b"9" * 5_000, b"-1", b"0", b"1e400", b"nan", b"NaN", b"Infinity", b"null", b"true"),
    *(b"../../../etc/passwd", b"/etc/passwd", b"C:\\x", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"%s%n", b"\x1b[2J"),
    *("\u202e".encode(), "\u2028".encode(), "e\u0301".encode(), "\U0001f600".encode(), b"x" * 70_000, b"#", b"[", b"{"),
]
HOSTILE_VALUES = [
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2**31,
        2**63,
        10**15,
        10**400,
        -0.5,
        1e308,
        float("nan"),
        float("inf"),
        "",
        " ",
        "\0",
    ),
    *(
        "x",
        "../../../etc/passwd",
        "/etc/passwd",
        "nan",
        "-1",
        "9" * 5_000,
        "x" * 70_000,
        "\u202e",
        "\x1b[2J",
        "__class__",
    ),
    *([], {}, [[]], [None], {"a": None}, [[[[[]]]]], ["x"] * 100, "{{7*7}}", "a\nb"),
]


def mutated_bytes(content, rng):
    """The content after one to three changes of its bytes."""
    found = bytearray(content)
    for _ in range(rng.randint(1, 3)):
        size = len(found)
        start = rng.randrange(size + 1)
        end = min(size, start + rng.choice([1, 1, 2, 8, 64, size]))
        match rng.randrange(6):
            case 0:
                found[start:end] = bytes(rng.randrange(256) for _ in range(min(end - start, 64)))
            case 1:
                del found[start:end]
            case 2:
                found[start:start] = found[start:end]
            case 3:
                found[start:start] = rng.choice(HOSTILE_BYTES)
            case 4:
                del found[start:]
            case 5 if size:
                found[start % size] ^= 1 << rng.randrange(8)
    return bytes(found)


def mutated_values(value, rng):
    """A JSON value in which one to three nodes are others, gone, twice there or under another name."""
    whole = json.loads(json.dumps(value))
    for _ in range(rng.randint(1, 3)):
        nodes = [
            (holder, key)
            for holder in _holders(whole)
            for key in (holder if isinstance(holder, dict) else range(len(holder)))
        ]
        if not nodes:
            return copy.deepcopy(rng.choice(HOSTILE_VALUES))
        holder, key = rng.choice(nodes)
        match rng.randrange(5):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, dict):
                holder[rng.choice(["x", "", "__proto__", f"{key} "])] = holder.pop(key)
            case 2 if isinstance(holder, list):
                holder.append(holder[key])
            case _:
                holder[key] = copy.deepcopy(rng.choice(HOSTILE_VALUES))  # else one would come to hold itself
    return whole


def _holders(value):
    """All lists and dictionaries in a value."""
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _holders(inner)


def mutated(content, rng):
    """The content of a file, changed: JSON as often by its values as by its bytes."""
    with contextlib.suppress(ValueError):
        if rng.random() < 0.6:
            return json.dumps(mutated_values(json.loads(content), rng)).encode()
    return mutated_bytes(content, rng)


class Late(BaseException):
    """What took too long; no `except Exception` of the code that is tried may stop it."""


@contextlib.contextmanager
def limited(what):
    """Inside, more than 20 s are an error."""

    def late(*_):
        raise Late(f"{what}: no end after {LIMIT_S} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(LIMIT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def below(place):
    """All that lies in a folder."""
    return {path.relative_to(place).parts[:2] for path in place.iterdir()}


class Trials:
    """Counts what became of inputs; `tried` holds one against the promise."""

    def __init__(self, name, count):
        self.name, self.seeds = name, range(count * 20 if ALL else count)
        self.read = self.refused = 0
        self.slowest = (0.0, 0)
        self.broken = []

    def tried(self, seed, call, place):
        """Calls it: it gives something or raises a `PtmbenchError`, in time, and leaves nothing beside its folder."""
        before, started = below(place.parent), time.perf_counter()
        try:
            with limited(f"{self.name}, seed {seed}"):
                call()
            self.read += 1
        except PtmbenchError as error:
            self.refused += 1
            if not str(error).strip():
                self.broken.append(f"seed {seed}: no message")
        except (Exception, SystemExit, Late) as error:  # noqa: BLE001  what must not be
            tail = error.__traceback__
            while tail and tail.tb_next:
                tail = tail.tb_next
            where = f"{Path(tail.tb_frame.f_code.co_filename).name}:{tail.tb_lineno}" if tail else ""
            self.broken.append(f"seed {seed}: {type(error).__name__}: {str(error)[:200]} ({where})")
        self.slowest = max(self.slowest, (time.perf_counter() - started, seed))
        if beside := below(place.parent) - before:
            self.broken.append(f"seed {seed}: wrote {beside}")

    def held(self):
        """Prints the counts and fails with every input that broke the promise."""
        seconds, slowest = self.slowest
        counts = f"{self.read} read, {self.refused} refused, {seconds:.1f} s at most (seed {slowest})"
        print(f"\n{self.name}: {counts}")  # noqa: T201  what `tox -e faults` is for
        assert not self.broken, "\n".join([f"{len(self.broken)} of {len(self.seeds)}", *self.broken[:20]])


def rng_of(name, seed):
    """A generator for one input."""
    return random.Random(f"{name} {seed}")  # noqa: S311  no secret
