"""Standard input reads as empty while code of others runs: a library that asks a question is answered by nobody.

transformers and torch.hub ask whether to run code that came with weights, and `yes | ptmbench run` would agree.
Children inherit the empty input. A debugger inside a case finds no input either; `pytest --pdb` begins when the case
has ended and its input is back. What a library reads from the terminal past standard input (`getpass`) is not met.
"""

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path


def _emptied() -> int | None:
    """Puts the empty device in place of descriptor 0; returns what restores it, None where there is nothing to."""
    if sys.__stdin__ is None:  # closed when Python began: 0 may by now be a file of somebody's
        return None
    try:
        kept = os.dup(0)
    except OSError:
        return None
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    return kept


def empty_for_good() -> None:
    """From now on nothing can be read from standard input, as long as this process lives."""
    kept = _emptied()
    if kept is not None:
        os.close(kept)
    sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115  for as long as the process lives


@contextlib.contextmanager
def empty_input() -> Iterator[None]:
    """Inside the block nothing can be read from standard input, by this process or its children."""
    stream, kept = sys.stdin, _emptied()
    with Path(os.devnull).open(encoding="utf-8") as nowhere:
        sys.stdin = nowhere  # the stream itself may hold lines that it has read ahead
        try:
            yield
        finally:
            sys.stdin = stream
            if kept is not None:
                os.dup2(kept, 0)
                os.close(kept)
