"""The site's smaller parts: mathematics, the plan, what was vendored, the scripts."""

import hashlib
import json
import re

import pytest
from sphinxcontrib.katex import katex_version

from coursekit.site import maths, roadmap
from coursekit.site.vendor import LockError, katex


def test_mathematics_is_html_for_eyes_and_mathml_for_readers():
    html = maths.render(r"\frac{1}{2}", display=True)
    assert "<mfrac>" in html
    assert 'class="katex-html" aria-hidden="true"' in html


def test_a_wrong_formula_is_an_error_and_not_red_text():
    with pytest.raises(maths.FormulaError, match="notacommand"):
        maths.render(r"\notacommand", display=False)


def test_the_vendored_files_are_those_of_the_lock():
    lock = json.loads(katex.LOCK.read_text(encoding="utf-8"))
    files = [path for path in katex.FOLDER.rglob("*") if path.is_file()]
    found = {
        path.relative_to(katex.FOLDER).as_posix(): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in files
    }
    assert found == lock["files"]


def test_style_sheet_and_renderer_are_of_one_version():
    assert json.loads(katex.LOCK.read_text())["version"] == katex_version


def test_the_style_sheet_asks_only_for_fonts_that_are_there():
    style = (katex.FOLDER / "katex.min.css").read_text(encoding="utf-8")
    asked = set(re.findall(r"url\(([^)]+)\)", style))
    assert len(asked) == 20
    assert all((katex.FOLDER / name).is_file() for name in asked)


def test_vendoring_fails_closed(tmp_path, monkeypatch):
    monkeypatch.setattr(katex, "fetch", lambda _version: {"katex.min.css": b"other"})
    monkeypatch.setattr(katex, "FOLDER", tmp_path / "katex")
    with pytest.raises(LockError, match="nothing was written"):
        katex.compare()
    assert not (tmp_path / "katex").exists()


def test_the_plan_names_parts_and_areas_that_have_titles():
    assert {page.part for page in roadmap.contents()} == set(roadmap.PARTS)
    assert {skill.area for skill in roadmap.skills()} == set(roadmap.AREAS)


def test_every_skill_of_the_plan_has_a_page_in_the_plan():
    placed = {skill for page in roadmap.contents() for skill in page.skills}
    assert {skill.id for skill in roadmap.skills()} <= placed
