"""`ptmbench` and `python -m ptmbench`: what stands between the interpreter's start and the command line."""

import os
import signal
import sys
from types import FrameType

INTERRUPTED = 130


def _leave(_signal: int, _frame: FrameType | None) -> None:
    os.write(2, b"\nptmbench: interrupted\n")
    os._exit(INTERRUPTED)  # nothing was begun that would have to be cleared up


def main() -> int:
    """Imports the command line and runs it; Ctrl-C during the imports ends the process without a traceback."""
    heeded = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a job in the background may ignore it
    if heeded:
        signal.signal(signal.SIGINT, _leave)
    from ptmbench import cli

    if heeded:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
