from types import SimpleNamespace

import pytest
from PIL import Image, ImageChops

from coursekit.site.pictures import drop_originals, lighten


@pytest.fixture
def app(tmp_path):
    """A builder that is about to copy one half transparent picture of 40 by 20."""
    (tmp_path / "source").mkdir()
    picture = Image.linear_gradient("L").resize((40, 20)).convert("RGBA")
    picture.putalpha(100)
    picture.save(tmp_path / "source" / "plot.png")
    builder = SimpleNamespace(images={"plot.png": "a1b2.png"})
    return SimpleNamespace(srcdir=tmp_path / "source", outdir=tmp_path, builder=builder)


def test_the_lighter_file_has_the_same_pixels(app, tmp_path):
    lighten(app, '<img alt="a" src="../_images/a1b2.png" />', tmp_path / "_images")
    with (
        Image.open(tmp_path / "source" / "plot.png") as before,
        Image.open(tmp_path / "_images" / "a1b2.webp") as after,
    ):
        assert ImageChops.difference(before, after).getbbox() is None
        assert before.mode == after.mode == "RGBA"


def test_a_picture_is_shown_at_the_size_it_was_drawn_for(app, tmp_path):
    html = '<img alt="a" src="../_images/a1b2.png" style="width: 20px; height: 9px;" />'
    made = lighten(app, html, tmp_path)
    assert 'src="../_images/a1b2.webp"' in made
    assert 'alt="a" width="20" height="10"' in made
    assert "style" not in made


def test_only_the_first_picture_is_fetched_at_once(app, tmp_path):
    first, second = lighten(app, '<img src="a1b2.png">\n' * 2, tmp_path).split("\n")[:2]
    assert "lazy" not in first
    assert 'loading="lazy"' in second


def test_a_picture_that_is_not_the_builders_stays_as_it_is(app, tmp_path):
    html = '<img src="_static/logo.png" alt="b">'
    assert lighten(app, html, tmp_path) == html


def test_the_heavy_form_goes_once_the_light_one_is_there(app, tmp_path):
    images = tmp_path / "_images"
    images.mkdir()
    for name in ("a.png", "a.webp", "b.png"):
        (images / name).write_bytes(b"")
    drop_originals(app, None)
    assert sorted(path.name for path in images.iterdir()) == ["a.webp", "b.png"]
