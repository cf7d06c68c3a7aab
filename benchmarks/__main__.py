"""Run the benchmarks: `python -m benchmarks [words of the names wanted]`.

A run of everything replaces `results.json`; a run of some prints only.
"""

import sys

from benchmarks.report import main

sys.exit(main(sys.argv[1:]))
