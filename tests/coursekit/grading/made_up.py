"""A made-up class: notebooks as learners hand them in, and the marks that they earn.

Answers are put together from what an exercise's source has: the reference and its
right answers, which earn everything; wrong answers, of which each is known to lose one
item; and what learners do besides, such as leaving a cell empty or misspelling a name,
which earns nothing. So the marks are true by construction. What is done to the
notebook around the answers changes no mark.
"""

from __future__ import annotations

import ast
import copy
import json
import os
import random
import re
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from coursekit.exercises.gate import defined
from coursekit.exercises.model import Exercise, Question, Variant
from coursekit.exercises.starter import starter
from coursekit.exercises.strip import strip

__all__ = ["DUE", "Answer", "Upload", "class_of", "every_answer", "rename"]

Cell = dict[str, Any]
Notebook = dict[str, Any]
Marks = dict[str, int | None]
# When the exercise is due; who is late sends two days after that.
DUE = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


def _words(text: str) -> list[str]:
    return text.split()


FIRST = _words(
    "Ada Alan Amina Ángel Björn Chen Chiara Daria Elif Emeka Fatima Grace Hana "
    "Ines Ivo Jin Jürgen Katherine Kofi Leïla Linh Mei Miloš Nadia Noor Olu Paola "
    "Quentin Rahul Ruth Sakura Søren Tamar Tomás Uma Vera Wei Ximena Yusuf Zoë 李"
)
LAST = _words(
    "Abebe Bauer Çelik Diaz Eriksen Fischer García Haddad Ito Jansen Kowalski "
    "Lovelace Mbeki Nguyễn O'Brien Öberg Petrov Quispe Rossi Sato Şahin Turing "
    "Umar Varga Weiß Xu Yang Zając al-Khwarizmi D'Souza Saint-Clair Hopper Noether "
    "Hypatia Germain Johnson Bose Okafor Ivanova Lindqvist Murphy"
)


@dataclass(frozen=True)
class Answer:
    """What stands in one answer cell, and what it earns.

    Attributes
    ----------
    kind
        `reference`, `right:<name>`, `wrong:<name>`, or what else was done.
    source
        The cell; None where it was deleted.
    marks
        Points by item; None where the construction does not tell.
    """

    kind: str
    source: str | None
    marks: Marks


@dataclass(frozen=True)
class Upload:
    """One file that a learner handed in.

    Attributes
    ----------
    number
        Of the upload in the class, from 0.
    name
        The learner's.
    file
        As a grader reports it: relative, and through a zip file where there is one.
    answers
        Kind of each answer, by question.
    marks
        Points by item that are true by construction; None where it does not tell.
    traits
        What was done to the notebook and the file.
    late
        Whether it came after `DUE`.
    superseded
        Whether the same learner sent another one after it.
    copied_from
        File of the upload whose answers it repeats with other names.
    """

    number: int
    name: str
    file: str
    answers: dict[str, str]
    marks: Marks
    traits: tuple[str, ...] = ()
    late: bool = False
    superseded: bool = False
    copied_from: str | None = None

    @property
    def readable(self) -> bool:
        """Whether it can be read at all; what cannot earns nothing."""
        return not UNREADABLE & set(self.traits)


def class_of(
    exercise: Exercise,
    number: int,
    seed: int,
    folder: Path,
    *,
    tame: bool = False,
) -> list[Upload]:
    """Write a made-up class into a folder.

    Parameters
    ----------
    exercise : Exercise
        What was assigned.
    number : int
        How many uploads.
    seed : int
        The same seed gives the same bytes, and a larger class begins with the smaller.
    folder : Path
        Where they go; it is made.
    tame : bool
        One file a learner, plain names, every notebook as Jupyter keeps it: what any
        grader takes.

    Returns
    -------
    list of Upload
        In the order in which they were handed in.
    """
    folder.mkdir(parents=True, exist_ok=True)
    workshop = _Workshop(exercise, seed, folder, tame)
    for at in range(number):
        workshop.hand_in(at)
    return workshop.uploads


class _Workshop:
    """Makes uploads one after the other; later ones may repeat or copy earlier ones."""

    def __init__(self, exercise: Exercise, seed: int, folder: Path, tame: bool) -> None:
        self.exercise = exercise
        self.seed = seed
        self.folder = folder
        self.tame = tame
        self.uploads: list[Upload] = []
        self._answers: list[dict[str, Answer]] = []
        self._blank = json.dumps(starter(exercise))

    def hand_in(self, at: int) -> None:
        """Make upload number `at` and write its file."""
        rng = random.Random(f"{self.seed}/{self.exercise.name}/{at}")
        original = self._original(at)
        again = None if self.tame or original is not None else self._again(at)
        answers = self._answered(at, rng, original)
        mode = "tame" if self.tame else "first" if again is None else "again"
        upload = Upload(
            number=at,
            name=_name(at if again is None else again),
            file="",
            answers={question: answer.kind for question, answer in answers.items()},
            marks={i: m for a in answers.values() for i, m in a.marks.items()},
            traits=_traits(at, rng, mode),
            late=not self.tame and at % 9 == 4,
            copied_from=None if original is None else self.uploads[original].file,
        )
        if again is not None:
            self.uploads[again] = replace(self.uploads[again], superseded=True)
        self._write(upload, answers, rng, at if again is None else again)

    def _original(self, at: int) -> int | None:
        """Return whose work upload number `at` copies: every eighth does."""
        before = at - 5
        if at % 8 != 7 or not self.uploads[before].readable:
            return None
        return before

    def _again(self, at: int) -> int | None:
        """Return who sends upload number `at` as another one: in Canvas, every tenth.

        Canvas is the one that keeps several uploads of a learner apart by their names.
        """
        before = at - 3
        if at % 10 != 9 or before < 0 or _system(before) != "canvas":
            return None
        return before

    def _answered(
        self, at: int, rng: random.Random, original: int | None
    ) -> dict[str, Answer]:
        if original is not None:
            return {
                question: replace(answer, source=_disguised(answer.source, at, rng))
                for question, answer in self._answers[original].items()
            }
        ability = rng.uniform(0.2, 1.0)
        asked = [q for q in self.exercise.questions if q.answer]
        return {q.name: _chosen(q, at, rng, ability) for q in asked}

    def _write(
        self,
        upload: Upload,
        answers: dict[str, Answer],
        rng: random.Random,
        learner: int,
    ) -> None:
        notebook = _filled(json.loads(self._blank), answers)
        for trait in upload.traits:
            if trait in CELLS:
                CELLS[trait](notebook["cells"], rng)
        _signed(notebook["cells"], upload.number)
        for trait in upload.traits:
            if trait in CLIENTS:
                CLIENTS[trait](notebook)
        slug = self.exercise.name.partition("/")[2]
        place = f"learner-{upload.number:04}/{slug}.ipynb"
        if not self.tame:
            place = _place(slug, upload, learner)
        content = _bytes(notebook, upload.traits)
        inner = f"{slug}.ipynb" if "zipped" in upload.traits else ""
        file = _save(self.folder, place, content, _sent(upload), inner)
        if not upload.readable:
            upload = replace(upload, marks=dict.fromkeys(upload.marks, 0))
        self.uploads.append(replace(upload, file=file))
        self._answers.append(answers)


def _name(at: int) -> str:
    """Return the name of learner `at`; no two have the same."""
    turn, place = divmod(at, len(FIRST))
    first, last = FIRST[place], LAST[(at * 7 + turn) % len(LAST)]
    again = turn // len(LAST)
    return f"{first} {chr(64 + again)}. {last}" if again else f"{first} {last}"


def _sent(upload: Upload) -> datetime:
    late = timedelta(days=2) if upload.late else timedelta(days=-1)
    return DUE + late + timedelta(minutes=upload.number % 600)


# Answers ---------------------------------------------------------------------------


def every_answer(question: Question) -> list[Answer]:
    """Return all that learners of this class may answer to a question.

    Parameters
    ----------
    question : Question
        One that has an answer cell.

    Returns
    -------
    list of Answer
        The reference first, then right answers, wrong ones, and what learners do
        besides.
    """
    cell = question.answer.source if question.answer else ""
    code = "\n".join(line for line in cell.split("\n") if "### " not in line)
    full: Marks = {item.id: item.points for item in question.items}
    right = [v for v in question.variants if not v.wrong]
    wrong = [v for v in question.variants if v.wrong]
    return [
        Answer("reference", code, full),
        *(Answer(f"right:{v.name}", v.cell.source, full) for v in right),
        *(_wrong(question, variant) for variant in wrong),
        *_careless(code, strip(cell, question.name), full),
    ]


def _wrong(question: Question, variant: Variant) -> Answer:
    """Lose the item that is known to be lost; the construction says no more."""
    marks: Marks = {item.id: None for item in question.items}
    marks[str(variant.caught_by)] = 0
    return Answer(f"wrong:{variant.name}", variant.cell.source, marks)


def _careless(code: str, skeleton: str, full: Marks) -> Iterator[Answer]:
    """Do what learners do besides; only what `talks` earns anything."""
    nothing: Marks = dict.fromkeys(full, 0)
    yield Answer("empty", skeleton, nothing)
    yield Answer("deleted", None, nothing)
    yield Answer("raises", f"raise ValueError('help')\n{code}", nothing)
    yield Answer("misspelt", _misspelt(code), nothing)
    yield Answer("not-python", f"{code}\nreturn (and then", nothing)
    if stub := _stub(code):
        yield Answer("stub", stub, nothing)
    # An error after the answer is there costs nothing.
    yield Answer("talks", f"{code}\n\nprint(what_i_still_have_to_write)", full)


def _chosen(question: Question, at: int, rng: random.Random, ability: float) -> Answer:
    """Answer as well as this learner can."""
    known = every_answer(question)
    wrong = [answer for answer in known if answer.kind.startswith("wrong:")]
    right = known[: known.index(wrong[0])]
    careless = known[known.index(wrong[-1]) + 1 :]
    if rng.random() < ability:
        return rng.choice(right)
    if rng.random() < 0.6:
        return wrong[(at + rng.randrange(2)) % len(wrong)]
    return rng.choice(careless)


def _misspelt(code: str) -> str:
    """Give everything that the cell defines another name."""
    own = defined(ast.parse(code)) - _imported(ast.parse(code))
    words = "|".join(map(re.escape, sorted(own, key=len, reverse=True)))
    return re.sub(rf"\b({words})\b", r"my_\1", code)


def _imported(tree: ast.AST) -> set[str]:
    names = (node for node in ast.walk(tree) if isinstance(node, ast.alias))
    return {(name.asname or name.name).split(".")[0] for name in names}


def _stub(code: str) -> str | None:
    """Leave functions with nothing in them; None where the cell has more than these."""
    tree = ast.parse(code)
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef):
            return None
        node.body = [ast.Pass()]
    return ast.unparse(ast.fix_missing_locations(tree))


# Copies ----------------------------------------------------------------------------


def _disguised(source: str | None, at: int, rng: random.Random) -> str | None:
    """Repeat somebody's answer with other names and other comments."""
    if source is None or "YOUR CODE HERE" in source:
        return source
    try:
        return f"# my own idea, number {at}\n{rename(source, rng)}"
    except SyntaxError:
        return source


def rename(source: str, rng: random.Random) -> str:
    """Give the local variables of a cell's functions other names.

    Arguments keep theirs, because a caller may use them.

    Parameters
    ----------
    source : str
        Python.
    rng : random.Random
        From which the new names come.

    Returns
    -------
    str
        The same program without its comments.
    """
    tree = ast.parse(source)
    names = sorted(_locals(tree))
    fresh = [
        f"{rng.choice('abcdefgh')}{rng.choice('klmnop')}{at}"
        for at, _ in enumerate(names)
    ]
    return ast.unparse(_Renamer(dict(zip(names, fresh, strict=True))).visit(tree))


class _Renamer(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.Name:
        node.id = self._names.get(node.id, node.id)
        return node


def _locals(tree: ast.Module) -> set[str]:
    """Return names that only functions' bodies give a value."""
    stored, kept = set(), set(defined(tree)) | _imported(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            stored.add(node.id)
        elif isinstance(node, ast.arg):
            kept.add(node.arg)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            kept.add(node.name)
            kept |= _attributes(node) if isinstance(node, ast.ClassDef) else set()
        elif isinstance(node, ast.Global | ast.Nonlocal):
            kept |= set(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            kept.add(node.name)
    return stored - kept


def _attributes(node: ast.ClassDef) -> set[str]:
    """Return the names that a class body gives values: they are its attributes."""
    return {
        name.id
        for statement in node.body
        for name in ast.walk(statement)
        if isinstance(name, ast.Name)
    }


# Notebooks -------------------------------------------------------------------------


def _traits(at: int, rng: random.Random, mode: str) -> tuple[str, ...]:
    """Choose what is done to a notebook; in turns, so that nothing is left out."""
    if mode == "tame":
        return TAME[at % len(TAME)], TAME_CLIENTS[at % len(TAME_CLIENTS)]
    cells, around = list(CELLS), list(AROUND)
    # One of them at most moves answers about: two might undo each other.
    pair = {cells[at % len(cells)], rng.choice(around)}
    file = FILES[at % len(FILES)]
    if mode == "again" and file in UNREADABLE:
        file = "as-it-was"
    chosen = tuple(trait for trait in cells if trait in pair)
    return (*chosen, list(CLIENTS)[at % len(CLIENTS)], file)


def _filled(notebook: Notebook, answers: dict[str, Answer]) -> Notebook:
    """Put the answers where they belong, and something into written ones."""
    kept: list[Cell] = []
    for cell in notebook["cells"]:
        question, _, role = str(cell["id"]).partition("-")
        if role == "written":
            cell["source"] = "I looked at both, and *the second* is the better one."
        if role == "answer":
            if answers[question].source is None:
                continue
            cell["source"] = answers[question].source
        kept.append(cell)
    return notebook | {"cells": kept}


def _added(source: str, rng: random.Random) -> Cell:
    """Make a code cell of the learner's own."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"{rng.getrandbits(32):08x}",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def _index(cells: list[Cell], name: str) -> int | None:
    return next((at for at, cell in enumerate(cells) if cell["id"] == name), None)


def _some_answer(cells: list[Cell], rng: random.Random) -> int:
    """Return where an answer stands, one that somebody wrote if there is any."""
    found = [at for at, cell in enumerate(cells) if str(cell["id"]).endswith("-answer")]
    written = [at for at in found if "YOUR CODE HERE" not in str(cells[at]["source"])]
    return rng.choice(written or found or [len(cells) - 1])


def _prints(cells: list[Cell], rng: random.Random) -> None:
    names = sorted(cell["id"] for cell in cells if cell["cell_type"] == "code")
    for at in range(2):
        source = f"print('so far', {at}, {rng.choice(names)!r})\nlen('debugging')"
        cells.insert(_some_answer(cells, rng) + 1, _added(source, rng))


def _plots(cells: list[Cell], rng: random.Random) -> None:
    heights = [rng.randrange(9) for _ in range(6)]
    source = (
        "import matplotlib.pyplot as plt\n\n"
        f"plt.plot({heights})\nplt.title('loss, I think')\nplt.show()"
    )
    cells.insert(_some_answer(cells, rng) + 1, _added(source, rng))


def _line_magics(cells: list[Cell], rng: random.Random) -> None:
    first = _index(cells, "given-1") or 1
    cells.insert(first, _added("%matplotlib inline\n%precision 4", rng))
    cells.append(_added("!echo finished\n%timeit -n 1 -r 1 sum(range(10))", rng))


def _timed(cells: list[Cell], rng: random.Random) -> None:
    """Time an answer, as people do who watch how long a cell takes."""
    cell = cells[_some_answer(cells, rng)]
    if _parses(str(cell["source"])):
        cell["source"] = f"%%time\n{cell['source']}"


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def _fails(cells: list[Cell], rng: random.Random) -> None:
    """Leave a trial in the notebook that stops with an error."""
    cells.insert(_some_answer(cells, rng) + 1, _added("[1, 2, 3][7]", rng))


def _split(cells: list[Cell], rng: random.Random) -> None:
    """Leave a beginning in the answer's cell and the rest in a cell after it."""
    at = _some_answer(cells, rng)
    source = str(cells[at]["source"])
    if str(cells[at]["id"]).endswith("-answer") and "YOUR CODE" not in source:
        cells[at]["source"] = "almost_nothing = 1e-12  # for comparisons"
        cells.insert(at + 1, _added(source, rng))


def _moved(cells: list[Cell], rng: random.Random) -> None:
    cell = cells.pop(_some_answer(cells, rng))
    cells.append(cell)


def _doubled(cells: list[Cell], rng: random.Random) -> None:
    """Keep an early try above the answer: the same metadata, another id."""
    at = _some_answer(cells, rng)
    early = copy.deepcopy(cells[at])
    if str(early["id"]).endswith("-answer"):
        early["source"] = "pass  # begin again below"
        # Jupyter gives the pasted one a new id, and the answer is in that one.
        cells[at]["id"] = f"{rng.getrandbits(32):08x}"
        cells.insert(at, early)


def _edited_given(cells: list[Cell], rng: random.Random) -> None:
    at = _index(cells, "given-1")
    if at is not None:
        tail = f"print('imports done', {rng.randrange(1000)})"
        cells[at]["source"] = f"{cells[at]['source']}\n{tail}"


def _edited_parameters(cells: list[Cell], rng: random.Random) -> None:
    at = _index(cells, "parameters")
    if at is not None:
        edited = re.sub(
            r"seed = \d+", f"seed = {rng.randrange(1, 99)}", _text(cells[at])
        )
        cells[at]["source"] = edited


def _text(cell: Cell) -> str:
    return str(cell["source"])


def _notes(cells: list[Cell], rng: random.Random) -> None:
    """Write Markdown between the cells, and one with what looks like an answer."""
    note = _added("## My notes\n\n```python\nanswer = 42\n```", rng)
    del note["outputs"], note["execution_count"]
    cells.insert(_some_answer(cells, rng), note | {"cell_type": "markdown"})


def _without_text(cells: list[Cell], rng: random.Random) -> None:
    """Throw away everything that was only to be read."""
    cells[:] = [
        cell
        for cell in cells
        if cell["cell_type"] == "code" or str(cell["id"]).endswith("-written")
    ]


def _untouched(cells: list[Cell], rng: random.Random) -> None:
    """Leave the notebook around the answers as it was."""


AROUND: dict[str, Callable[[list[Cell], random.Random], None]] = {
    "untouched": _untouched,
    "prints": _prints,
    "plots": _plots,
    "line-magics": _line_magics,
    "fails": _fails,
    "edited-given": _edited_given,
    "edited-parameters": _edited_parameters,
    "notes": _notes,
    "without-text": _without_text,
}
CELLS = AROUND | {
    "timed": _timed,
    "doubled": _doubled,
    "split": _split,
    "moved": _moved,
}


def _signed(cells: list[Cell], number: int) -> None:
    """Leave a comment of the learner's own in each answer: no two are alike."""
    for cell in cells:
        course = cell["metadata"].get("course", {})
        if course.get("role") == "answer" and "YOUR CODE" not in _text(cell):
            cell["source"] = f"{cell['source']}\n# learner {number}"


# Clients: what the program in which they worked makes of a notebook ------------------


def _jupyter_lab(notebook: Notebook) -> None:
    """Run everything and save, with outputs; a pasted picture among them."""
    for count, cell in enumerate(_code_cells(notebook), start=1):
        cell["execution_count"] = count
        cell["metadata"] |= {"editable": True, "slideshow": {"slide_type": ""}}
        cell["outputs"] = _outputs(count)
    versions = {"version": "3.12.3", "file_extension": ".py", "name": "python"}
    notebook["metadata"]["language_info"] = versions


def _outputs(count: int) -> list[dict[str, Any]]:
    told = [f"cell {count} ran\n", "✗ not yet: found nan\n"]
    dot = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9"
        "awAAAABJRU5ErkJggg==\n"
    )
    data = {"image/png": dot, "text/plain": ["<Figure size 640x480 with 1 Axes>"]}
    return [
        {"output_type": "stream", "name": "stdout", "text": told},
        {"output_type": "display_data", "data": data, "metadata": {}},
    ]


def _classic(notebook: Notebook) -> None:
    """Save as the notebook of 2018 did: format 4.2, cells without ids."""
    notebook["nbformat_minor"] = 2
    for cell in notebook["cells"]:
        del cell["id"]
        cell["source"] = str(cell["source"]).splitlines(keepends=True)
    for cell in _code_cells(notebook):
        cell["metadata"] |= {"collapsed": False, "scrolled": True}


def _colab(notebook: Notebook) -> None:
    """Save as Colab does: its ids are metadata, and it adds who ran what when."""
    notebook["nbformat_minor"] = 0
    notebook["metadata"] |= {
        "accelerator": "GPU",
        "colab": {"provenance": [], "gpuType": "T4", "toc_visible": True},
    }
    for count, cell in enumerate(notebook["cells"]):
        cell["metadata"] |= {"id": cell.pop("id")}
        if cell["cell_type"] == "code":
            who = {"displayName": "", "userId": "0"}
            ran = {"status": "ok", "timestamp": 1772500000000 + count, "user": who}
            cell["metadata"] |= {"executionInfo": ran, "outputId": f"out-{count}"}
            cell["outputs"] = _outputs(count)


def _vs_code(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"]["display_name"] = ".venv (3.12.3)"
    notebook["metadata"]["vscode"] = {"interpreter": {"hash": "31f2aee4e71d21fb"}}
    for cell in _code_cells(notebook):
        cell["metadata"]["vscode"] = {"languageId": "python"}
        cell["source"] = str(cell["source"]).splitlines(keepends=True)


def _text_editor(notebook: Notebook) -> None:
    """Change nothing but the text, as somebody does who never ran a cell."""


CLIENTS: dict[str, Callable[[Notebook], None]] = {
    "jupyter-lab": _jupyter_lab,
    "classic": _classic,
    "colab": _colab,
    "vs-code": _vs_code,
    "text-editor": _text_editor,
}


def _code_cells(notebook: Notebook) -> list[Cell]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


# Files -----------------------------------------------------------------------------

UNREADABLE = {"truncated", "emptied"}
# In turns; most files are as they were saved. The length shares no divisor with the
# numbers of other traits, so that every pair comes up.
FILES = (
    *("as-it-was", "line-ends", "as-it-was", "zipped", "as-it-was", "byte-order-mark"),
    *("as-it-was", "as-it-was", "truncated", "as-it-was", "zipped", "as-it-was"),
    *("line-ends", "as-it-was", "utf-16", "as-it-was", "emptied"),
)
# What any grader takes; plots are left out because they would be most of the time.
TAME = ("untouched", "prints", "fails", "notes")
TAME_CLIENTS = ("text-editor", "jupyter-lab")


def _bytes(notebook: Notebook, traits: Sequence[str]) -> bytes:
    """Return the bytes of the file."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False)
    if "line-ends" in traits:  # in the file, and in what the cells hold
        text = text.replace("\\n", "\\r\\n").replace("\n", "\r\n")
    if "truncated" in traits:
        text = text[: len(text) * 2 // 3]
    if "emptied" in traits:
        text = ""
    codec = "utf-8-sig" if "byte-order-mark" in traits else "utf-8"
    return text.encode("utf-16" if "utf-16" in traits else codec)


def _system(at: int) -> str:
    """Return from which system an upload comes: one folder holds all three."""
    return ("canvas", "moodle", "plain")[at % 3]


def _place(slug: str, upload: Upload, learner: int) -> str:
    """Return the file's name as the learner's system exports it."""
    if _system(learner) == "canvas":
        return _canvas(upload, learner, slug)
    if _system(learner) == "moodle":
        return f"{upload.name}_{90000 + learner}_assignsubmission_file_/{slug}.ipynb"
    return f"{_letters(upload.name, '-')}.ipynb"


def _canvas(upload: Upload, learner: int, slug: str) -> str:
    first, _, last = upload.name.partition(" ")
    late = "LATE_" if upload.late else ""
    who = _letters(last + first, "")
    file = slug if upload.number == learner else f"{slug}-1"
    return f"{who}_{late}{5000 + learner}_{700000 + upload.number}_{file}.ipynb"


def _letters(name: str, between: str) -> str:
    return between.join(re.findall(r"\w+", name.lower()))


def _save(folder: Path, place: str, content: bytes, sent: datetime, inner: str) -> str:
    """Write the file, or a zip file that holds it as `inner`; return its name."""
    target = folder / place
    target.parent.mkdir(parents=True, exist_ok=True)
    if inner:
        outer = target.with_suffix(".zip")
        entry = zipfile.ZipInfo(inner, sent.timetuple()[:6])
        with zipfile.ZipFile(outer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
        target, place = outer, f"{place.removesuffix('.ipynb')}.zip/{inner}"
    else:
        target.write_bytes(content)
    os.utime(target, (sent.timestamp(), sent.timestamp()))
    return place
