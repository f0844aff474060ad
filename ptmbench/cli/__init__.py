"""The command line, `ptmbench` and `python -m ptmbench`.

Exit codes: 0 done, 1 a floor was missed or a case failed, 2 the command could not be understood or met, 130 Ctrl-C.
"""

import sys
from collections.abc import Sequence

from ptmbench.cli.parser import make_parser
from ptmbench.errors import PtmbenchError

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code; what a user can correct is one message on stderr."""
    parsed = make_parser().parse_args(arguments)
    try:
        return int(parsed.command(parsed))
    except PtmbenchError as error:
        print(f"ptmbench: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nptmbench: interrupted; finished records are kept, --resume runs the rest", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of a pipe went away; Python would complain on exit
        return 0
