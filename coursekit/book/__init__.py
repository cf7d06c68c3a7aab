"""From MyST pages to a book: what must run, running it, notebooks, the site.

The parts in the order in which a build goes through them: `layout` (where things
are), `imports` and `plan` (what must run), `run` and `worker` (running it), `results`
(what was kept), `notebooks` (for download and Colab), `build` and `serve` (the site).
"""
