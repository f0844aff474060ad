"""The command line, `ptmbench` and `python -m ptmbench`.

Exit codes: 0 done, 1 a floor was missed, a case failed or the gate failed, 2 the command could not be understood or
met, 3 a fault of ptmbench, 130 Ctrl-C or SIGTERM.
"""

import os
import sys
from collections.abc import Sequence

from ptmbench.cli.faults import FAULT, report_fault
from ptmbench.cli.parser import make_parser
from ptmbench.cli.streams import check_utf8, prepared, silence
from ptmbench.errors import PtmbenchError
from ptmbench.outlet import warn
from ptmbench.running.signals import ended_like_ctrl_c
from ptmbench.running.standard_input import empty_input
from ptmbench.terminal import without_echo

USAGE, INTERRUPTED, PIPE_CLOSED = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; what a user can correct is one message on stderr."""
    prepared()
    typed = sys.argv[1:] if arguments is None else arguments
    try:
        with ended_like_ctrl_c():
            check_utf8(typed)
            parsed = make_parser(typed).parse_args(arguments)
            with empty_input():
                code = int(parsed.command(parsed))
            sys.stdout.flush()  # a full disk is told here, where the exit code can still say so
            return code
    except PtmbenchError as error:
        warn(without_echo(f"ptmbench: {error}", typed))
        return USAGE
    except KeyboardInterrupt:
        warn("\nptmbench: interrupted; finished records are kept, --resume runs the rest")
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away
        silence()
        return PIPE_CLOSED
    except OSError as error:
        silence()
        where = f"{os.fsdecode(error.filename)}: " if isinstance(error.filename, str | bytes) else ""
        warn(without_echo(f"ptmbench: {where}{error.strerror or error}", typed))
        return USAGE
    except Exception as error:  # noqa: BLE001  whatever it is, no command ends with the exit code of a regression
        report_fault(error)
        return FAULT
