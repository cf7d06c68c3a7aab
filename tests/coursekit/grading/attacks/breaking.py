"""Files that are broken, odd, or not what they seem; honest ones are among them.

Those that can be read keep the marks of the answers in them; the others are graded 0
with one plain sentence.
"""

from __future__ import annotations

import base64
import io
import os
import socket
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .base import FILE, Attack, Notebook, Scene

__all__ = ["BREAKING"]

ALL = frozenset({"q1", "q2", "q3"})
Change = Callable[[Notebook], None]


def _read(
    name: str,
    tries: str,
    change: Change = lambda notebook: None,
    *,
    encode: Callable[[str], bytes] = lambda text: text.encode("utf-8"),
    earns: str = "q1 q2 q3",
    stops: str = "",
    says: str = "",
) -> Attack:
    """Make an honest notebook with something odd about it."""

    def put(folder: Path, scene: Scene) -> None:
        paper = scene.honest()
        change(paper.notebook)
        (folder / FILE).write_bytes(encode(paper.text()))

    return Attack(
        name,
        "breaking",
        tries,
        put,
        earns=frozenset(earns.split()),
        stops=frozenset(stops.split()),
        says=says,
    )


def _unread(name: str, tries: str, put: Callable[[Path, Scene], None]) -> Attack:
    """Make a submission that cannot be read."""
    return Attack(name, "breaking", tries, put, earns=frozenset(), problem=".")


def _bytes(name: str, tries: str, made: Callable[[Scene], bytes]) -> Attack:
    def put(folder: Path, scene: Scene) -> None:
        (folder / FILE).write_bytes(made(scene))

    return _unread(name, tries, put)


def _changed(name: str, tries: str, change: Change) -> Attack:
    """Make an honest notebook that is spoilt past reading."""

    def made(scene: Scene) -> bytes:
        paper = scene.honest()
        change(paper.notebook)
        return paper.bytes()

    return _bytes(name, tries, made)


def _cell(notebook: Notebook, name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(c for c in notebook["cells"] if c["id"] == name)
    return found


def _insert(notebook: Notebook, after: str, source: str, **more: str) -> None:
    cell: dict[str, Any] = {"cell_type": "code", "id": "mine", "metadata": {}}
    cell |= {"outputs": [], "execution_count": None, "source": source} | more
    cells = notebook["cells"]
    cells.insert(cells.index(_cell(notebook, after)) + 1, cell)


def _set(name: str, value: object) -> Change:
    def change(notebook: Notebook) -> None:
        notebook[name] = value

    return change


def _each(change: Change) -> Change:
    def all_of_them(notebook: Notebook) -> None:
        for cell in notebook["cells"]:
            change(cell)

    return all_of_them


def _without_ids(cell: dict[str, Any]) -> None:
    del cell["id"]


def _without_names(cell: dict[str, Any]) -> None:
    del cell["id"]
    cell["metadata"] = {}


def _as_version_3(notebook: Notebook) -> None:
    cells = notebook.pop("cells")
    for cell in cells:
        del cell["id"]
        if cell["cell_type"] == "code":
            cell["input"] = cell.pop("source")
            cell["language"] = "python"
            cell["prompt_number"] = cell.pop("execution_count")
    notebook["worksheets"] = [{"metadata": {}, "cells": cells}]
    notebook.update(nbformat=3, nbformat_minor=0)


def _lines(cell: dict[str, Any]) -> None:
    cell["source"] = cell["source"].splitlines(keepends=True)


def _with_windows_ends(cell: dict[str, Any]) -> None:
    cell["source"] = cell["source"].replace("\n", "\r\n")


def _split(notebook: Notebook) -> None:
    """Put a helper of the answer into a cell before it, and its end into one after."""
    _insert(notebook, "q1-hints", "def squares(x):\n    return (x - x.mean()) ** 2")
    _cell(notebook, "q2-answer")["source"] = (
        "def variance(x):\n    return squares(x).mean()"
    )
    _insert(
        notebook,
        "q2-answer",
        "def spread(x):\n    return float(np.sqrt(variance(x)))",
        id="rest",
    )


def _reordered(notebook: Notebook) -> None:
    notebook["cells"].reverse()


def _answered_twice(notebook: Notebook) -> None:
    right = _cell(notebook, "q2-answer")["source"]
    _cell(notebook, "q2-answer")["source"] = "def spread(x):\n    return 0.0"
    _insert(notebook, "q2-answer", right, id="q2-answer")


def _ids_swapped(notebook: Notebook) -> None:
    first, second = _cell(notebook, "q1-answer"), _cell(notebook, "q2-answer")
    for key in ("id", "metadata"):
        first[key], second[key] = second[key], first[key]


def _same_id(cell: dict[str, Any]) -> None:
    cell["id"] = "q1-answer"


def _with_magics(notebook: Notebook) -> None:
    _insert(notebook, "given-1", "%pwd\n?np.sqrt\n%config", id="m-1")
    for question, magic in (("q1", "%%time"), ("q2", "%matplotlib inline")):
        answer = _cell(notebook, f"{question}-answer")
        answer["source"] = f"{magic}\n{answer['source']}"


def _python_2(notebook: Notebook) -> None:
    _insert(notebook, "given-1", "print 'hello'\nexec 'x = 1'")


def _missing_question(notebook: Notebook) -> None:
    notebook["cells"].remove(_cell(notebook, "q2-answer"))


def _converted(notebook: Notebook) -> None:
    cell = _cell(notebook, "q2-answer")
    cell["cell_type"] = "markdown"
    del cell["outputs"], cell["execution_count"]


def _with_outputs(notebook: Notebook) -> None:
    for name in ("q1-answer", "q1-check"):
        _cell(notebook, name)["outputs"] = [
            {"output_type": "stream", "name": "stdout", "text": "x" * 4_000_000},
            {"output_type": "nonsense", "data": [1, 2, {"a": None}]},
            None,
            7,
        ]


def _with_attachment(notebook: Notebook) -> None:
    picture = base64.b64encode(bytes(6_000_000)).decode()
    cell = _cell(notebook, "q4-written")
    cell["attachments"] = {"picture.png": {"image/png": picture}}


def _with_hidden_characters(notebook: Notebook) -> None:
    cell = _cell(notebook, "q1-answer")
    cell["source"] += "    # \u202e txet siht \u2066\u200b\ufeff\x1b[2J\x0c\u2028 yes"
    _cell(notebook, "q4-written")["source"] = "\u202e<script>alert(1)</script>\x00\x1b"


def _with_half_a_pair(notebook: Notebook) -> None:
    _cell(notebook, "q4-written")["source"] = "half of a pair: \ud800"


def _odd_metadata(notebook: Notebook) -> None:
    notebook["metadata"] = {"colab": {"name": "x"}, "vscode": None, "widgets": [1]}
    for number, cell in enumerate(notebook["cells"]):
        cell["metadata"] = [None, [], "x", 5, {"tags": 3, "course": 7}][number % 5]


def _odd_cells(notebook: Notebook) -> None:
    notebook["cells"][0:0] = [
        {"cell_type": "heading", "level": 1, "source": "x", "metadata": {}},
        {"cell_type": "raw", "id": "raw", "source": "import os", "metadata": {}},
        {"cell_type": "slides", "id": "slides", "source": {"a": 1}},
    ]


def _edited_given(notebook: Notebook) -> None:
    _cell(notebook, "given-1")["source"] = "import numpy as np\nimport math"
    _cell(notebook, "parameters")["source"] = "seed = 12345"


def _own_checks(notebook: Notebook) -> None:
    _cell(notebook, "q1-check")["source"] = "raise SystemExit"
    _cell(notebook, "summary")["source"] = "import os\nos._exit(1)"


def _more_cells(notebook: Notebook) -> None:
    for number in range(60):
        _insert(notebook, "q1-hints", f"value_{number} = {number}", id=f"more-{number}")


def _not_finite(text: str) -> bytes:
    return text.replace(
        '"nbformat"', '"x": [NaN, -Infinity, 1e999], "nbformat"'
    ).encode()


def _bom(text: str) -> bytes:
    return b"\xef\xbb\xbf" + text.encode()


_HONEST = [
    _read("plain", "Nothing at all: honest work."),
    _read("byte-order-mark", "A mark that some editors put first.", encode=_bom),
    _read("windows-ends", "Lines that end as on Windows, within and without.",
          _each(_with_windows_ends),
          encode=lambda text: text.replace("\n", "\r\n").encode()),
    _read("utf-16", "A file of two bytes a character, with a mark.",
          encode=lambda text: text.encode("utf-16")),
    _read("utf-16-other-end", "A file of two bytes a character, the higher first.",
          encode=lambda text: b"\xfe\xff" + text.encode("utf-16-be")),
    _read("version-3", "A notebook of ten years ago.", _as_version_3),
    _read("no-ids", "Cells without ids.", _each(_without_ids)),
    _read("no-names", "Cells without ids and metadata.", _each(_without_names)),
    _read("lists-of-lines", "Sources as lists of lines.", _each(_lines)),
    _read("reordered", "The cells stand from last to first.", _reordered),
    _read("split", "An answer in three cells.", _split),
    _read("answered-twice", "A wrong answer above the right one.", _answered_twice),
    _read("ids-swapped", "Two answers under each other's ids.", _ids_swapped),
    _read("magics", "Cells that begin with magics and shell lines.", _with_magics),
    _read("python-2", "A cell of its own that is not Python 3.", _python_2,
          stops="SyntaxError"),
    _read("outputs", "Eight megabytes of outputs, some of no known kind.",
          _with_outputs),
    _read("attachment", "A picture of eight megabytes in the written answer.",
          _with_attachment),
    _read("hidden-characters", "Characters that hide or turn the text.",
          _with_hidden_characters),
    _read("half-a-pair", "Half of a surrogate pair in the written answer.",
          _with_half_a_pair),
    _read("odd-metadata", "Metadata that are no dictionaries.", _odd_metadata),
    _read("odd-cells", "Kinds of cells that are unknown, raw or old.", _odd_cells),
    _read("edited-given", "The given cell and the parameters were changed.",
          _edited_given),
    _read("own-checks", "The check cells were changed, and would end the process.",
          _own_checks),
    _read("more-cells", "Sixty cells more.", _more_cells),
    _read("not-finite", "NaN and infinity in the file.", encode=_not_finite),
    _read("missing-question", "An answer cell was deleted.", _missing_question,
          earns="q1 q3"),
    _read("converted", "An answer cell was made a text cell.", _converted,
          earns="q1 q3"),
    _read("same-id", "All cells have the id of the first answer.", _each(_same_id)),
    _read("no-cells", "A notebook without a cell.", _set("cells", []), earns=""),
]  # fmt: skip


def _link(target: str) -> Callable[[Path, Scene], None]:
    def put(folder: Path, scene: Scene) -> None:
        (folder / FILE).symlink_to(scene.fill(target))

    return put


def _directory(folder: Path, scene: Scene) -> None:
    (folder / FILE).mkdir()


def _linked_folder(folder: Path, scene: Scene) -> None:
    (folder / "mallory").mkdir()
    (folder / "mallory/folder").symlink_to(scene.fill("@WORLD@/others"))


def _pipe(folder: Path, scene: Scene) -> None:
    os.mkfifo(folder / FILE)


def _socket(folder: Path, scene: Scene) -> None:
    place = os.open(folder, os.O_RDONLY)
    try:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(f"/proc/self/fd/{place}/{FILE}")
        listening.close()
    finally:
        os.close(place)


def _sparse(folder: Path, scene: Scene) -> None:
    with (folder / FILE).open("wb") as file:
        file.truncate(10**12)


def _zip(write: Callable[[zipfile.ZipFile, Scene], None]) -> Callable[..., None]:
    def put(folder: Path, scene: Scene) -> None:
        place = folder / "mallory.zip"
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            write(archive, scene)

    return put


def _climbing(archive: zipfile.ZipFile, scene: Scene) -> None:
    for name in ("../../@TOKEN@.ipynb", "@WORLD@/@TOKEN@.ipynb", "..\\@TOKEN@.ipynb"):
        archive.writestr(scene.fill(name), scene.honest().text())


def _bomb(archive: zipfile.ZipFile, scene: Scene) -> None:
    with archive.open("mallory.ipynb", "w", force_zip64=True) as file:
        for _ in range(300):
            file.write(bytes(2**20))


def _many_entries(archive: zipfile.ZipFile, scene: Scene) -> None:
    for number in range(20_000):
        archive.writestr(f"{number}.txt", b"")


def _link_inside(archive: zipfile.ZipFile, scene: Scene) -> None:
    entry = zipfile.ZipInfo("mallory.ipynb")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive.writestr(entry, scene.fill("@WORLD@/others/ada.ipynb"))


def _in_one_another(archive: zipfile.ZipFile, scene: Scene) -> None:
    content = scene.honest().bytes()
    for depth in range(6):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as inner:
            inner.writestr("x.zip" if depth else "mallory.ipynb", content)
        content = buffer.getvalue()
    archive.writestr("x.zip", content)


def _encrypted(folder: Path, scene: Scene) -> None:
    """Set the bit that says so; what a cipher would do to the bytes changes nothing."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mallory.ipynb", scene.honest().text())
    content = bytearray(buffer.getvalue())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = content.index(mark) + place
        content[at : at + 2] = struct.pack("<H", 1)
    (folder / "mallory.zip").write_bytes(content)


def _no_zip(folder: Path, scene: Scene) -> None:
    (folder / "mallory.zip").write_bytes(b"PK\x03\x04 no")


def _too_large(scene: Scene) -> bytes:
    return scene.honest().bytes() + b" " * 50_000_000


def _other_exercise(notebook: Notebook) -> None:
    notebook["metadata"]["course"]["exercise"] = "mathematics/matrices"


def _too_many_cells(notebook: Notebook) -> None:
    notebook["cells"] += [{"cell_type": "markdown", "source": ""}] * 100_000


_BROKEN = [
    _bytes("empty", "Nothing.", lambda scene: b""),
    _bytes("spaces", "Nothing but spaces.", lambda scene: b" \n" * 100),
    _bytes("truncated", "Half of a notebook.", lambda s: s.honest().bytes()[:3_000]),
    _bytes("no-json", "Something else.", lambda scene: b"def centre(x): ..."),
    _bytes("json-list", "A list.", lambda scene: b"[1, 2, 3]"),
    _bytes("json-null", "Null.", lambda scene: b"null"),
    _bytes("no-text", "Bytes that are no text.", lambda scene: bytes(range(256)) * 9),
    _bytes("picture", "A picture.", lambda scene: b"\x89PNG\r\n\x1a\n" + bytes(200)),
    _bytes("nulls", "Null characters.", lambda scene: bytes(5_000)),
    _bytes("deep-lists", "A tower of lists.", lambda scene: b"[" * 200_000),
    _bytes("deep-objects", "A tower of objects.",
           lambda scene: b'{"cells":' * 100_000 + b"1" + b"}" * 100_000),
    _bytes("long-number", "A version of half a million digits.",
           lambda scene: b'{"cells": [], "nbformat": ' + b"4" * 500_000 + b"}"),
    _bytes("too-large", "Fifty megabytes of spaces after the notebook.", _too_large),
    _changed("version-2", "A notebook of another age.", _set("nbformat", 2)),
    _changed("version-5", "A notebook of the future.", _set("nbformat", 5)),
    _changed("version-in-words", "A version in words.", _set("nbformat", "four")),
    _changed("version-null", "No version.", _set("nbformat", None)),
    _changed("cells-in-words", "Cells that are a text.", _set("cells", "q1-answer")),
    _changed("cells-by-name", "Cells that are an object.", _set("cells", {"a": []})),
    _changed("too-many-cells", "A hundred thousand cells.", _too_many_cells),
    _changed("other-exercise", "The notebook of another exercise.", _other_exercise),
    _unread("directory", "A folder with the name of a notebook.", _directory),
    _unread("pipe", "A pipe, which nobody ever writes to.", _pipe),
    _unread("socket", "A socket.", _socket),
    _unread("sparse", "A million million bytes that take no room.", _sparse),
    _unread("link-to-system", "A link to a file of the system.", _link("/etc/passwd")),
    _unread("link-to-other", "A link to another learner's work.",
            _link("@WORLD@/others/ada.ipynb")),
    _unread("link-to-nothing", "A link to nothing.", _link("@WORLD@/nothing.ipynb")),
    _unread("link-to-itself", "A link to itself.", _link(FILE)),
    _unread("link-to-zero", "A link to a device without an end.", _link("/dev/zero")),
    _unread("linked-folder", "A link to the folder of the others.", _linked_folder),
    _unread("zip-climbs", "An archive whose entries climb out.", _zip(_climbing)),
    _unread("zip-bomb", "An archive that grows a thousandfold.", _zip(_bomb)),
    _unread("zip-many", "An archive of twenty thousand entries.", _zip(_many_entries)),
    _unread("zip-link", "An archive with a link inside.", _zip(_link_inside)),
    _unread("zip-in-zip", "An archive in an archive, six deep.", _zip(_in_one_another)),
    _unread("zip-locked", "An archive with a password.", _encrypted),
    _unread("zip-no-zip", "A text that is called an archive.", _no_zip),
]  # fmt: skip

BREAKING = [*_HONEST, *_BROKEN]
