"""The frame of a page: what it says, what it loads, and the mends of what it holds."""

import gzip
import re
import subprocess
from itertools import product

import pytest

from coursekit import pages
from coursekit.site import accessible, frame, node, search
from coursekit.site.manifest import Manifest, PageFacts

TOKENS = (frame._HERE / "styles" / "tokens.css").read_text(encoding="utf-8")
KIBIBYTE = 1024


def colours(theme):
    """The colours of a theme, by name."""
    block = TOKENS.partition(f'html[data-theme="{theme}"] {{')[2].partition("}")[0]
    return dict(re.findall(r"--ck-([\w-]+): (#\w{6});", block))


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_contrast_is_reckoned_as_the_guidelines_do():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_ink_can_be_read_on_every_paper(theme):
    known = colours(theme)
    papers = ("paper", "raised", "code-paper", "accent-soft")
    inks = [n for n in known if n in ("accent", "right", "wrong", "ink", "muted")]
    inks += [name for name in known if re.fullmatch(r"code-(?!paper)\w+", name)]
    assert len(inks) == 10
    faint = {
        (ink, paper): contrast(known[ink], known[paper])
        for ink, paper in product(inks, papers)
        if contrast(known[ink], known[paper]) < 4.5
    }
    assert faint == {}
    assert contrast(known["on-accent"], known["accent"]) >= 4.5
    # Edges of controls and the ring of the focus need three to one.
    assert contrast(known["edge"], known["paper"]) >= 3
    assert contrast(known["focus"], known["paper"]) >= 3


def lifted(colour):
    """A picture's colour as the dark theme shows it."""
    layout = (frame._HERE / "theme" / "layout.html").read_text(encoding="utf-8")
    (exponent,) = {float(e) for e in re.findall(r'exponent="([\d.]+)"', layout)}
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 * part**exponent):02x}" for part in parts)


def test_text_in_pictures_can_be_read_in_both_themes():
    light, dark = colours("light")["paper"], colours("dark")["paper"]
    assert pages.INK in pages.COLOURS.values()
    for name, colour in pages.COLOURS.items():
        # Orange is for lines and areas: three to one.
        assert contrast(colour, light) >= (3 if name == "orange" else 4.5), name
        assert contrast(lifted(colour), dark) >= 4.5, name
    assert lifted("#000000") == "#000000"
    assert lifted("#ffffff") == "#ffffff"


def test_both_themes_have_the_same_colours():
    assert set(colours("light")) == set(colours("dark")) > {"accent", "paper"}


def test_no_sheet_but_that_of_the_tokens_has_colours_of_its_own():
    own = {
        name: found
        for name in frame.STYLES
        if name not in ("tokens", "print")
        and (found := re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])", sheet(name)))
    }
    assert own == {}


def sheet(name):
    text = (frame._HERE / "styles" / f"{name}.css").read_text(encoding="utf-8")
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


def test_every_custom_property_that_is_used_is_set_somewhere():
    text = frame.joined_styles().text
    used = set(re.findall(r"var\((--ck-[\w-]+)\)", text))
    given = set(re.findall(r"(--ck-[\w-]+):", text))
    given |= {"--ck-w", "--ck-width"}  # set on each picture, on each live figure
    assert used - given == set()


def test_small_files_are_joined_in_their_order_and_named_by_what_they_hold():
    joined = frame.joined_scripts()
    places = [
        joined.text.index(frame.lean_script(script(name))) for name in frame.SCRIPTS
    ]
    assert places == sorted(places)
    other = frame.Joined(joined.name, joined.text + " ")
    assert joined.digest != other.digest


def test_the_joined_script_is_sound(tmp_path):
    path = tmp_path / "course.js"
    path.write_text(frame.joined_scripts().text, encoding="utf-8")
    subprocess.run([node.node_program(), "--check", str(path)], check=True)


@pytest.mark.parametrize("joined", [frame.joined_styles, frame.joined_scripts])
def test_what_every_page_loads_is_small(joined):
    assert len(gzip.compress(joined().text.encode(), 6)) < 12 * KIBIBYTE


def script(name):
    return (frame._HERE / "scripts" / f"{name}.js").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("page", "kind"),
    [
        ("index", "front"),
        ("mathematics/index", "part"),
        ("mathematics/gradient-descent", "chapter"),
        ("exercises/mathematics/gradient-descent", "exercise"),
        ("answers/mathematics/gradient-descent", "answer"),
        ("reference/optim", "reference"),
        ("about/index", "plain"),
        ("career/glossary", "plain"),
        ("search", "search"),
    ],
)
def test_a_page_says_what_kind_it_is(page, kind):
    assert frame.kind_of(page, {"mathematics/gradient-descent"}) == kind


def test_the_contents_of_a_page_leave_its_title_out_and_need_two_sections():
    def toc(*names):
        entries = "".join(f'<li><a href="#{n}">{n}</a></li>' for n in names)
        return f'<ul><li><a href="#">Title</a><ul>{entries}</ul></li></ul>'

    assert frame._contents({"toc": toc("a")}) == ""
    assert frame._contents({}) == ""
    found = frame._contents({"toc": toc("a", "b")})
    assert re.findall('href="#(.)"', found) == ["a", "b"]
    assert found.count("<ul") == found.count("</ul>") == 1


def test_a_page_without_a_title_keeps_its_text():
    assert frame.split_at_title("<p>a</p>") == ("", "<p>a</p>")
    assert frame.split_at_title(None) == ("", "")


def test_a_module_is_loaded_once():
    context = {"pathto": lambda address, _resource: f"../{address}"}
    frame.load_module(context, "_static/x.js")
    frame.load_module(context, "_static/x.js")
    assert context["page_scripts"] == [{"src": "../_static/x.js", "module": True}]


# Mends


def test_a_permalink_is_named_after_its_heading_also_with_mathematics_in_it():
    html = (
        '<h2>Where <span class="math"><span class="katex"><math><mi>x</mi><annotation '
        'encoding="application/x-tex">x</annotation></math><span class="katex-html" '
        'aria-hidden="true"><span><span>x</span></span></span></span></span> &lt; 1'
        '<a class="headerlink" href="#w" title="Link to this heading">#</a></h2>'
    )
    assert 'href="#w" aria-label="Link to Where x &lt; 1">' in (
        accessible.name_permalinks(html)
    )


def test_a_permalink_takes_no_other_headings_words():
    one = '<h2>A<a class="headerlink" href="#a" title="t">#</a></h2><p>x</p>'
    two = '<h3>B<a class="headerlink" href="#b" title="t">#</a></h3>'
    names = re.findall('aria-label="([^"]*)"', accessible.name_permalinks(one + two))
    assert names == ["Link to A", "Link to B"]


PANDAS = """<div>
<style scoped>
    .dataframe tbody tr th { vertical-align: top; }
</style>
<table border="1" class="dataframe">
  <thead><tr style="text-align: right;"><th></th><th>rate &amp; step</th></tr></thead>
  <tbody><tr><th>0</th><td>0.01</td></tr></tbody>
</table>
</div>"""


def test_a_table_of_pandas_gets_a_name_and_loses_its_empty_header():
    html = accessible.hold_tables(PANDAS)
    assert "<th></th>" not in html
    assert "<style" not in html
    assert "<th>0</th>" in html  # a header with words stays one
    opening = 'tabindex="0" role="group" aria-label="Table: rate &amp; step"><table'
    assert opening in html
    assert html.count("<div") == html.count("</div>") == 2


def test_a_table_with_a_caption_is_named_by_it_and_one_without_heads_is_a_table():
    captioned = "<table><caption>Costs</caption><tr><td>1</td></tr></table>"
    assert 'aria-label="Table: Costs"' in accessible.hold_tables(captioned)
    bare = "<table><tr><td>1</td></tr></table>"
    assert 'aria-label="Table">' in accessible.hold_tables(bare)


def test_only_code_that_a_phone_may_not_fit_takes_the_focus():
    short, long = "<pre>x = 1\n</pre>", f"<pre><span>{'x' * 37}</span>\n</pre>"
    html = accessible.hold_code(short + long)
    assert html.startswith(short)
    assert html.count('tabindex="0"') == 1


def test_only_pictures_that_a_phone_would_shrink_are_held():
    small = '<img src="a.webp" alt="a" width="300" height="200">'
    wide = '<img src="b.webp" alt="b" width="711" height="371" loading="lazy">'
    wide = f'<a class="reference internal image-reference" href="b.png">\n{wide}\n</a>'
    html = accessible.hold_pictures(small + wide)
    assert html.startswith(small)
    assert 'class="ck-scroll ck-picture" tabindex="0" role="group"' in html
    assert 'style="--ck-w:711px" src="b.webp"' in html
    assert html.count('class="ck-enlarge ck-live"') == 1
    assert "<a" not in html


def test_a_page_of_nothing_to_mend_is_left_as_it_is():
    html = '<section id="a"><h1>A</h1><p>Text with <code>pre</code>.</p></section>'
    assert accessible.mend(html) == html


# What the search knows


def test_a_description_is_the_first_paragraph_cut_at_a_word():
    assert search.description("<p></p><p>One &amp; two.</p><p>3</p>", "T") == (
        "One & two."
    )
    cut = search.description(f"<p>{'seven letters ' * 20}</p>", "T")
    assert len(cut) <= 155
    assert cut.endswith(("letters…", "seven…"))


def test_a_skill_is_found_with_its_place():
    skill = "math.gradient-descent"
    facts = PageFacts("mathematics/gd", "Descent", skills=[skill], minutes=1)
    manifest = Manifest({"mathematics/gd": facts}, "o/r", "https://x", "v", "n")
    ((text, address, title),) = search.taught(manifest)
    assert text.startswith("Gradient descent")
    assert address == "mathematics/gd.html#skill-math-gradient-descent"
    assert title == "Descent"


# What several sheets may speak of: the frame's own, and what it gives to all.
_COMMON = {"ck-book", "ck-button", "ck-columns", "ck-fold", "ck-links", "ck-picture"}
_COMMON |= {"ck-question", "ck-recall", "ck-scroll", "ck-tick", "ck-editor"}


def test_no_two_sheets_give_one_name_two_meanings():
    owners: dict[str, set[str]] = {}
    for path in sorted((frame._HERE / "styles").glob("*.css")):
        rules = re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL)
        for selector in re.findall(r"([^{}]+)\{", rules):
            for name in re.findall(r"\.(ck-[a-z-]+)", selector):
                owners.setdefault(name, set()).add(path.stem)
    shared = {name: sheets - {"print"} for name, sheets in owners.items()}
    twice = {name: sheets for name, sheets in shared.items() if len(sheets) > 1}
    assert {name: twice[name] for name in twice.keys() - _COMMON} == {}
