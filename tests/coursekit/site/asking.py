"""A small book of plain pages that asks questions and uses terms; nothing is run."""

import shutil
from pathlib import Path

from coursekit.book.build import build
from coursekit.book.layout import Layout

ROOT = Path(__file__).parents[3]

FIRST = """\
# First page

A {term}`slope` and another {term}`Slope`, and a {term}`learning rate`.

```{predict} first-guess
Where does one step of **0.5** from 2 land on $w^2$?

- [ ] $1$ :: that forgets the factor 2.
- [x] $0$ :: $2 - 0.5 \\cdot 4 = 0$.
```

The result.

```{predicted} first-guess
```

```{quiz} first-one
Which step size diverges?

- [ ] 0.1 :: it is below the limit; see the [other page](second.md) and
  the {term}`slope`.
- [x] 2.5 :: it overshoots further each time.
- [ ] 0.2 :: it is below the limit too.
```

```{quiz} first-many
Which hold?

- [x] smaller steps are safer :: each trusts the slope less far.
- [x] larger steps can diverge :: beyond $2/L$ they do.
- [ ] the step does not matter :: see above.
```
"""

SECOND = """\
# Second page

Of {term}`slope`.

```{quiz} second-one
Even?

- [x] 2 :: it halves.
- [ ] 3 :: it does not.
```
"""

GLOSSARY = """\
# Glossary

```{glossary}
slope
  How steep a function is, $f'(x)$; what the {term}`learning rate` multiplies.

learning rate
  How far a step goes.

0-1 loss
  One for a mistake.
```
"""

TOC = """\
format: jb-book
root: chapters/index
chapters:
  - file: chapters/alpha/index
    sections:
      - file: chapters/alpha/first
      - file: chapters/alpha/second
  - file: chapters/glossary
  - file: chapters/review
"""

REVIEW = "# Review\n\n```{review}\n```\n"


def write_book(root, **pages):
    """Write the book, with `pages` of its own instead of those; give its layout."""
    texts = {
        "index": "# The book\n\nBegin.\n",
        "alpha/index": "# Part alpha\n\nTwo pages.\n",
        "alpha/first": FIRST,
        "alpha/second": SECOND,
        "glossary": GLOSSARY,
        "review": REVIEW,
    } | {name.replace("__", "/"): text for name, text in pages.items()}
    layout = Layout(root)
    for name, text in texts.items():
        path = layout.chapters / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (layout.chapters / "references.bib").write_text("", encoding="utf-8")
    (root / "_toc.yml").write_text(TOC, encoding="utf-8")
    shutil.copy(ROOT / "_config.yml", root)
    return layout


def build_book(root, **pages):
    """Write the book and build it; give the site's folder."""
    layout = write_book(root, **pages)
    assert build(layout).faults == []
    return layout.html
