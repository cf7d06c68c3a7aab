"""The built site as it would be published."""

import csv
import json

import pytest
import yaml

from coursekit.book import api, reference
from coursekit.book.layout import here
from coursekit.site import roadmap

from .checking import dead_links, missing, page, pages, third_party


def test_no_page_loads_anything_from_another_server(site):
    assert third_party(site) == []


def test_everything_that_a_page_loads_is_there(site):
    assert missing(site) == []


def test_every_link_within_the_site_leads_somewhere(site):
    assert dead_links(site) == []


def test_the_front_page_shows_every_part(site):
    links = {a["href"] for a in page(site / "index.html").select("ul.ck-map a")}
    assert links == {f"{part}/index.html" for part in roadmap.PARTS}


def test_every_picture_of_a_page_says_what_it_shows(site):
    bare = [
        f"{path}: {image.get('src')}"
        for path in pages(site)
        for image in page(path).select("article img")
        if not image.get("alt", "").strip()
        or image["alt"].startswith(("../", "_images"))
    ]
    assert bare == []


def test_the_skills_map_has_every_skill_and_links_those_that_are_taught(site):
    soup = page(site / "about" / "skills.html")
    rows = soup.select(".ck-area li")
    assert len(rows) == len(roadmap.skills()) == 260
    assert len(soup.select("details.ck-area")) == len(roadmap.AREAS)
    linked = [row["data-skill"] for row in rows if row.select(".ck-where a")]
    waiting = sum(
        row.select_one(".ck-where").get_text().startswith("To come in ") for row in rows
    )
    assert len(linked) + waiting == 260
    assert "math.gradient-descent" in linked


def test_every_skill_that_a_page_claims_is_in_the_plan():
    from coursekit.book.plan import find_pages
    from coursekit.source import read

    known = {skill.id for skill in roadmap.skills()}
    for path in find_pages(here()):
        course = read(path).course
        assert course is not None, path
        assert set(course.skills) <= known, path


def test_contents_hold_every_page_in_the_order_of_the_plan():
    layout = here()
    files = []

    def collect(entry):
        files.append(entry.get("file") or entry.get("root"))
        for child in entry.get("chapters", []) + entry.get("sections", []):
            collect(child)

    collect(yaml.safe_load((layout.root / "_toc.yml").read_text(encoding="utf-8")))
    there = {
        path.relative_to(layout.root).with_suffix("").as_posix()
        for path in layout.chapters.rglob("*.md")
    }
    assert sorted(files) == sorted(there)
    order = [f"chapters/{planned.name}" for planned in roadmap.contents()]
    listed = [name for name in files if name in order]
    assert listed == [name for name in order if name in listed]


def test_every_page_of_the_plan_stands_in_its_part(site):
    with (roadmap.FOLDER / "contents.tsv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    for part in roadmap.PARTS:
        text = page(site / part / "index.html").select_one("article").get_text()
        for row in rows:
            if (
                row["part"] == part
                and not (here().chapters / part).joinpath(f"{row['slug']}.md").is_file()
            ):
                assert row["title"] in text.replace("\u2019", "'"), row


@pytest.fixture
def small_site(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "index.html").write_text('<a href="a/">a</a><p id="top"></p>')
    (tmp_path / "a" / "index.html").write_text('<a href="../index.html#top">up</a>')
    page.cache_clear()
    return tmp_path


def test_the_checks_pass_a_sound_site(small_site):
    assert (third_party(small_site), missing(small_site), dead_links(small_site)) == (
        [],
        [],
        [],
    )


@pytest.mark.parametrize(
    "html",
    [
        '<script src="https://cdn.example.org/x.js"></script>',
        '<script src="//cdn.example.org/x.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example.org/x.css">',
        '<img src="https://example.org/x.png">',
        '<img srcset="https://example.org/x.png 2x">',
        '<p style="background: url(https://example.org/x.png)">',
        "<style>@import 'https://example.org/x.css'</style>",
        '<script>load("https://example.org/x.js")</script>',
    ],
)
def test_a_request_to_another_server_is_found(small_site, html):
    (small_site / "a" / "bad.html").write_text(html)
    assert third_party(small_site)


def test_a_style_sheet_that_reaches_out_is_found(small_site):
    (small_site / "x.css").write_text(
        "@font-face{src:url(https://example.org/x.woff2)}"
    )
    assert third_party(small_site)


@pytest.mark.parametrize("link", ["b.html", "../index.html#bottom", "#here"])
def test_a_dead_link_is_found(small_site, link):
    (small_site / "a" / "bad.html").write_text(f'<a href="{link}">x</a>')
    assert len(dead_links(small_site)) == 1


def test_a_missing_file_is_found(small_site):
    (small_site / "a" / "bad.html").write_text('<img src="x.png">')
    (small_site / "x.css").write_text("a{background:url(y.png)}")
    assert len(missing(small_site)) == 2


def test_the_benchmarks_have_a_row_for_every_case(site):
    kept = json.loads(here().benchmarks.read_text(encoding="utf-8"))
    times, growth, *_ = page(site / "about" / "benchmarks.html").select(
        "table.ck-table"
    )
    for table, rows in ((times, kept["times"]), (growth, kept["growth"])):
        cells = [row.select_one("td") for row in table.select("tbody tr")]
        shown = [cell.get_text().replace("\xa0", " ") for cell in cells]
        assert len(shown) == len(rows) > 0
        assert all(a.startswith(b["name"]) for a, b in zip(shown, rows, strict=True))


def test_the_graders_figures_are_those_that_were_measured(site):
    kept = json.loads(here().grader_benchmarks.read_text(encoding="utf-8"))
    tables = page(site / "about" / "benchmarks.html").select("table.ck-table")
    *_, speed, taken, _ = tables
    shown = [cell.get_text() for cell in speed.select("tbody td:nth-child(2)")]
    sides = (kept["throughput"][side] for side in ("ours", "nbgrader"))
    assert shown == [f"{side['cpu']['a_minute']:.0f}" for side in sides]
    assert f"{kept['memory']['peak_mib']:.0f} MiB" in taken.get_text()


def test_the_sites_figures_are_those_that_were_measured(site):
    kept = json.loads(here().site_benchmarks.read_text(encoding="utf-8"))["summary"]
    *_, table = page(site / "about" / "benchmarks.html").select("table.ck-table")
    rows = [[c.get_text() for c in row("td")] for row in table.select("tbody tr")]
    assert len(rows) == len(kept) > 5
    assert rows[0][1:3] == [f"{kept['kilobytes'][m]:g}" for m in ("worst", "median")]


def test_every_name_of_the_library_has_its_place_in_the_reference(site):
    for module in api.read(here().library):
        found = page(site / f"{reference.file_of(module)}.html")
        anchors = {tag["id"] for tag in found.select("dt.sig")}
        assert {f"{module.name}.{entry.name}" for entry in module.entries} <= anchors
