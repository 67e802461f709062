"""`python -m autogradkit.run SCRIPT [ARGS]`: the command `autogradkit run`."""

import sys

from autogradkit.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
