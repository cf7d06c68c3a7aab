"""Run the benchmarks: `python -m benchmarks [words of the names wanted]`.

A run of everything replaces `results.json`; a run of some replaces their rows in it, if
it was written on the same machine with the same versions.
"""

import sys

from benchmarks.report import main

sys.exit(main(sys.argv[1:]))
