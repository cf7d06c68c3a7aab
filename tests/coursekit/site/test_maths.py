"""Formulas become MathML that every browser takes."""

import re
from xml.etree import ElementTree as ET

import pytest
from docutils import nodes

from coursekit.site import maths
from coursekit.site.maths import FormulaError, render

CHILDREN = {"msub": 2, "msup": 2, "msubsup": 3, "munder": 2, "mover": 2}
CHILDREN |= {"munderover": 3, "mfrac": 2, "mroot": 2}
FORMULAS = [
    r"\lambda_{\max}",
    r"\sigma_1 / \sigma_{\min}^2",
    r"\max_{x < 3} f(x) + \log \det A",
    r"x^{\log} + \operatorname{tr}_{\arg}",
    r"\sum_{i=1}^n \frac{1}{\sqrt[3]{x_i}}",
]


def mathml(latex, *, display=False):
    found = re.search(r"<math\b.*?</math>", render(latex, display=display), re.DOTALL)
    return ET.fromstring(found[0])


@pytest.mark.parametrize("display", [False, True])
@pytest.mark.parametrize("latex", FORMULAS)
def test_every_element_has_as_many_children_as_its_kind_takes(latex, display):
    for element in mathml(latex, display=display).iter():
        name = element.tag.rpartition("}")[2]
        assert len(element) == CHILDREN.get(name, len(element)), ET.tostring(element)


@pytest.mark.parametrize("latex", FORMULAS)
def test_the_formula_itself_is_kept_for_those_who_copy_it(latex):
    (source,) = (e for e in mathml(latex).iter() if e.tag.endswith("}annotation"))
    assert source.text == latex


def test_a_function_that_is_applied_still_says_so():
    assert "\u2061" in "".join(mathml(r"\log x").itertext())
    assert "\u2061" not in "".join(mathml(r"\lambda_{\max}").itertext())


def test_what_katex_does_not_understand_is_an_error_in_its_words():
    with pytest.raises(FormulaError, match="frac"):
        render(r"\frac{1", display=False)


class Body(list):
    """What stands in for Sphinx's translator: it has a body."""

    body = property(lambda self: self)


@pytest.mark.parametrize(
    ("before", "after", "made"),
    [
        ("at most ", ".", "at most <f>\u2060."),
        ("(", ")", "(\u2060<f>\u2060)"),
        ("of ", " and", "of <f> and"),
        (None, None, "<f>"),
    ],
)
def test_no_line_begins_with_the_full_stop_after_a_formula(before, after, made):
    formula = nodes.math("", "x")
    text = nodes.paragraph()
    text += [nodes.Text(before)] * bool(before) + [formula]
    text += [nodes.Text(after)] * bool(after)
    body = Body()
    with pytest.raises(nodes.SkipNode):
        maths._visit_math(body, formula)
    (written,) = body
    written = re.sub(r'<span class="math">.*</span>', "<f>", written)
    assert f"{before or ''}{written}{after or ''}" == made
