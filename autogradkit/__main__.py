"""`python -m autogradkit`: the command line."""

import sys

from autogradkit.cli import main

if __name__ == "__main__":
    sys.exit(main())
