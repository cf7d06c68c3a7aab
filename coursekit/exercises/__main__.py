"""`python -m coursekit.exercises` is `coursekit exercises`."""

import sys

from coursekit.exercises.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
