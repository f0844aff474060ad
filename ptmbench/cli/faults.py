"""A fault of ptmbench itself: a short message, an exit code of its own, and the traceback in a file."""

import os
import tempfile
import traceback

from ptmbench.outlet import warn

FAULT = 3
MOST = 300  # letters of an error that stand in a message


def report_fault(error: Exception) -> None:
    """Says on stderr that ptmbench is at fault, and where the traceback was written."""
    trace = "".join(traceback.format_exception(error))
    said = " ".join(f"{type(error).__name__}: {error}".split())
    warn(f"ptmbench: a fault of ptmbench: {said[:MOST]}\n{where_kept(trace)}")


def where_kept(*traces: str) -> str:
    """Writes tracebacks into a new file, and returns the sentence that names it; the traces where that fails."""
    text = "\n".join(traces)
    try:
        descriptor, name = tempfile.mkstemp(prefix="ptmbench-fault-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(text)
    except OSError:
        return text.rstrip()
    return f"ptmbench: its traceback is in {name}: please report it with the command that you typed"
