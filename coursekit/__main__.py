"""Let `python -m coursekit` be the command, also where no script is on the path."""

from coursekit.cli import main

main()
