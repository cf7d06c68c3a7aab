"""Run a learner's cells where they can neither read nor change anything that matters.

Three processes of ours stand between the grader and a learner's code:

- `client`, in the grader, hands cells over and takes evidence as bytes;
- `warm`, inside an allow-list of files (`tree`, `bubblewrap`), has the exercise's
  imports done and never runs a cell itself;
- `guard`, forked from `warm` for each run, opens a fresh sandbox, forks the child that
  runs the cells into it, watches its limits, ends it, and only then reads what is left.
"""
