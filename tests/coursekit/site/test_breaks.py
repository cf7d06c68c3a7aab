"""No line breaks before the sign of a per cent, and no code is touched."""

import pytest
from docutils import nodes
from docutils.utils import new_document

from coursekit.site.breaks import keep_page_together

KEPT = "at 95\N{NO-BREAK SPACE}% now"


def kept(*content):
    page = new_document("page")
    page += nodes.paragraph("", "", *content)
    keep_page_together(None, page, "page")
    return page.astext()


def test_a_figure_and_its_per_cent_stay_together():
    assert kept(nodes.Text("at 95 % now")) == KEPT


@pytest.mark.parametrize("sign", [" %", "%"])
def test_so_do_a_figure_from_the_code_and_its_per_cent(sign):
    figure = nodes.inline("", "at 95")
    assert kept(figure, nodes.Text(f"{sign} now")) == KEPT


def test_a_per_cent_is_written_in_one_way():
    assert kept(nodes.Text("at 95% now")) == KEPT


@pytest.mark.parametrize("text", ["a%20b", "3%20b", "% of rows"])
def test_what_is_no_per_cent_of_a_figure_stays(text):
    assert kept(nodes.Text(text)) == text
    assert kept(nodes.inline("", "at"), nodes.Text(text)) == f"at{text}"


@pytest.mark.parametrize(
    "kind", [nodes.literal, nodes.literal_block, nodes.doctest_block, nodes.math]
)
def test_code_and_formulas_are_left_as_they_are(kind):
    assert kept(kind("7 % 2", "7 % 2")) == "7 % 2"
