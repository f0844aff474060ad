"""`python -m ptmbench`."""

import sys

from ptmbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
