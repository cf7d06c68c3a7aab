"""Text from strangers, made fit for a page, a table, a file's name.

Names, file names and written answers are a learner's choice. Escaping for HTML and XML
is done where those are written; here is what escaping leaves: characters that are not
seen or that turn the text around them, formulas in a table's cell, and names that a
file system takes for something else.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

__all__ = ["cell", "file_name", "label", "line", "uncell", "visible"]

_JOINERS = "\u200c\u200d"  # emoji and Persian are written with them
_UNSEEN = frozenset({"Cc", "Cf", "Cs"})
_MARKS = "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
_HEAP = re.compile(f"([{_MARKS}]{{4}})[{_MARKS}]+")
# Where a spreadsheet may take up a formula: where the text begins, and behind whatever
# a spreadsheet with other settings may take for the end of a cell or of a row.
# The last four are the same signs in full width, which some take for them.
_FORMULA = re.compile(r"(^|[;\t\r\n])(\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
# A spreadsheet's cell holds 32,767 characters.
_LONGEST_CELL = 32_000


class _Shown(dict[int, str]):
    """What stands for each character; found when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = _shown(chr(code))
        return self[code]


def _shown(character: str) -> str:
    if character in _JOINERS or character in "\n\t":
        return character
    kind = unicodedata.category(character)
    if kind in ("Zl", "Zp"):
        return "\n"
    code = ord(character)
    nobody = code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF
    return f"⟨U+{code:04X}⟩" if kind in _UNSEEN or nobody else character


_TABLE = _Shown()


def visible(text: str, longest: int | None = None) -> str:
    r"""Make characters seen that hide, reorder or forbid text.

    Parameters
    ----------
    text : str
        Any text.
    longest : int or None
        Characters after which it is cut.

    Returns
    -------
    str
        Control characters, marks that turn the writing direction and halves of
        characters are written as `⟨U+202E⟩`; ends of lines are all `\n`; no heap of
        accents is higher than four. It can be written as UTF-8 and as XML.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_TABLE)
    text = _HEAP.sub(r"\1", text)
    if longest is not None and len(text) > longest:
        return text[: longest - 1].rstrip() + "…"
    return text


def line(text: str, longest: int = 120) -> str:
    """Make a text visible and put it on one line, at most so many characters long."""
    return " ".join(visible(text[: 100 * longest]).split())[:longest] or "(no name)"


def cell(text: str) -> str:
    """Make a text a cell of a table that no spreadsheet takes for a formula.

    Returns
    -------
    str
        Visible; an apostrophe stands before every sign with which a formula could
        begin, and before an apostrophe at the beginning, so that `uncell` can take
        away what was added.
    """
    text = visible(text).strip(" \n\t")
    guarded = _FORMULA.sub(r"\1\2'", "'" + text if text.startswith("'") else text)
    if len(guarded) > _LONGEST_CELL:
        return guarded[:_LONGEST_CELL] + " … (shortened)"
    return guarded


def uncell(text: str) -> str:
    """Take away the apostrophe that `cell` put at the beginning."""
    text = text.strip()
    plain = text[1:]
    return plain if text.startswith("'") and cell(plain).startswith("'") else text


def label(key: str) -> str:
    """Return what stands for a learner's key in a table, and for no other learner's.

    The key itself, or, where a table could not keep it as it is, `file_name` of it.
    """
    return key if key and cell(key) == key else file_name(key)


def file_name(key: str) -> str:
    """Return the name of a learner's page, which no other learner's page has.

    Parameters
    ----------
    key : str
        The learner's key.

    Returns
    -------
    str
        Lower-case ASCII letters, digits and `-`: what can be read of the key, and a
        digest of the whole key, without an ending. It is a file's name everywhere.
    """
    letters = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    readable = "-".join(re.findall("[a-z0-9]+", letters.lower()))[:40].strip("-")
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{readable or 'learner'}-{digest[:16]}"
