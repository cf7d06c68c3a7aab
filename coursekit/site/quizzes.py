"""The directives `predict`, `predicted` and `quiz`: questions as form controls.

Without scripts every reason stands in a `<details>`; with them the reader picks,
and each pick answers with its reason (`scripts/questions.js`).
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from coursekit.site.questions import Option, Question, QuestionError, parse

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment
    from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)
# What a formula's source has and nobody says.
_SIGNS = re.compile(r"[\\{}\s]+")


class Asked(NamedTuple):
    """Where a question stands: its page and line, and whether it is a `quiz`."""

    page: str
    line: int
    kind: str


class QuestionNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """A question: a prompt, then its options; `of` a page where it is diagnostic."""


class PromptNode(nodes.General, nodes.TextElement):  # type: ignore[misc]
    """What is asked."""


class OptionNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """A control with its label, then the reason."""


class LabelNode(nodes.General, nodes.TextElement):  # type: ignore[misc]
    """The text of an option."""


class ReasonNode(nodes.General, nodes.TextElement):  # type: ignore[misc]
    """Why one would pick an option, and whether that is right."""


class RecallNode(nodes.General, nodes.Element):  # type: ignore[misc]
    """A prediction, looked back at."""


class _Asks(SphinxDirective):
    """What the three directives have in common."""

    required_arguments = 1
    has_content = True

    @property
    def identifier(self) -> str:
        """The question's id, no other one's in the book."""
        name: str = self.arguments[0]
        return name

    def _complain(self, message: str, line: int = 0) -> list[nodes.Node]:
        """Warn with file and line of the page; the build is broken by any warning."""
        logger.warning(
            f"{self.name}: {message}",
            location=(self.env.docname, self.lineno + line),
            type="coursekit",
            subtype=self.name,
        )
        return []

    def _markdown(self, text: str, into: nodes.Element, line: int = 0) -> None:
        """Render Markdown; one paragraph is unwrapped, so that it can be a label."""
        source = self.get_source_info()[0]
        content = StringList(text.splitlines(), source)
        self.state.nested_parse(content, self.content_offset + line, into)
        only = into.children
        if len(only) == 1 and isinstance(only[0], nodes.paragraph):
            paragraph = only[0]
            into.clear()
            into.extend(paragraph.children)

    def _options(self, question: Question, control: str = "") -> list[nodes.Node]:
        """Make the options; without a control they are read, not picked."""
        return [
            self._option(option, number, control)
            for number, option in enumerate(question.options, start=1)
        ]

    def _option(self, option: Option, number: int, control: str) -> OptionNode:
        made: OptionNode = OptionNode(
            number=number,
            question=self.identifier,
            right=option.right,
            control=control,
        )
        label = LabelNode()
        self._markdown(option.text, label, option.line)
        made += label
        if self.name != "predict":  # a prediction is answered further down the page
            reason = ReasonNode(right=option.right, folded=bool(control))
            self._markdown(option.reason, reason, option.line)
            made += reason
        return made


class Ask(_Asks):
    """`quiz` and `predict`: a question with its options."""

    def run(self) -> list[nodes.Node]:
        """Make the question, or warn about what is wrong with it."""
        name = self.identifier
        try:
            question = self.question()
        except QuestionError as error:
            return self._complain(str(error), self.content_offset + 1 + error.line)
        if not self._claim(name):
            return self._complain(f"the id {name!r} is used twice: ids are unique.")
        control = "checkbox" if question.many else "radio"
        prompt = PromptNode(question=name)
        self._markdown(question.prompt, prompt)
        options = self._options(question, control)
        asked = QuestionNode("", prompt, *options, question=name, kind=self.name)
        asked["many"] = question.many
        if self.name == "predict":
            self.env.temp_data.setdefault("coursekit_predictions", {})[name] = question
        self.set_source_info(asked)
        return [asked]

    def question(self) -> Question:
        """Read what is asked."""
        return parse("\n".join(self.content))

    def _claim(self, name: str) -> bool:
        """Tell whether no other place of the book has this id."""
        mine = Asked(self.env.docname, self.lineno, self.name)
        return asked_questions(self.env).setdefault(name, mine) == mine


class Predicted(_Asks):
    """`predicted`: the question's options and reasons, with the reader's pick."""

    has_content = False

    def run(self) -> list[nodes.Node]:
        """Make the look back, or warn that the prediction was never asked for."""
        name = self.arguments[0]
        question = self.env.temp_data.get("coursekit_predictions", {}).get(name)
        if question is None:
            return self._complain(
                f"no {{predict}} {name} stands before this on the page."
            )
        return [RecallNode("", *self._options(question), question=name)]


def asked_questions(env: BuildEnvironment) -> dict[str, Asked]:
    """Return where each question of the book stands, by its id.

    Parameters
    ----------
    env
        Sphinx's environment.
    """
    if not hasattr(env, "coursekit_questions"):
        env.coursekit_questions = {}  # type: ignore[attr-defined]
    found: dict[str, Asked] = env.coursekit_questions  # type: ignore[attr-defined]
    return found


def forget_page(_app: Sphinx, env: BuildEnvironment, page: str) -> None:
    """Forget a page's questions before it is read again."""
    asked = asked_questions(env)
    for name in [name for name, where in asked.items() if where.page == page]:
        del asked[name]


def _of_page(node: QuestionNode) -> str:
    """Say of which page a diagnostic question finds out whether it is needed."""
    return f' data-of="{escape(node["of"])}"' if "of" in node else ""


def _visit_question(self: HTML5Translator, node: QuestionNode) -> None:
    name, kind = escape(node["question"]), node["kind"]
    self.body.append(
        f'<section class="ck-question" id="{kind}-{name}" data-question="{name}" '
        f'data-kind="{kind}"{_of_page(node)}><form>'
        f'<fieldset aria-labelledby="{kind}-{name}-prompt">'
    )


# Everything that a script will fill has its place and its height from the start.
_FOOT = (
    '</fieldset><p class="ck-row ck-live">'
    '<button type="submit" class="ck-button ck-check">{words}</button> '
    '<button type="button" class="ck-button ck-quiet ck-again" hidden>Ask me again'
    "</button></p>"
    '<div class="ck-said ck-live"><p class="ck-verdict" role="status"></p>'
    '<p class="ck-when"></p></div></form></section>\n'
)


def _depart_question(self: HTML5Translator, node: QuestionNode) -> None:
    words = "Keep my prediction" if node["kind"] == "predict" else "Check"
    self.body.append(_FOOT.format(words=words))


def _visit_prompt(self: HTML5Translator, node: PromptNode) -> None:
    kind = node.parent["kind"]
    name = escape(node["question"])
    self.body.append(f'<div class="ck-prompt" id="{kind}-{name}-prompt">')


def _depart_prompt(self: HTML5Translator, node: PromptNode) -> None:
    many = '<p class="ck-how">More than one holds.</p>' if node.parent["many"] else ""
    self.body.append(f"{many}</div>")


def _visit_option(self: HTML5Translator, node: OptionNode) -> None:
    self.body.append(f'<div class="ck-option" data-number="{node["number"]}">')


def _spoken(label: LabelNode) -> str:
    """Name a control whose label is a formula alone: browsers find no words in it."""
    words = (text for text in label.findall(nodes.Text) if text.strip())
    if any(not isinstance(text.parent, nodes.math) for text in words):
        return ""
    return f' aria-label="{escape(" ".join(re.split(_SIGNS, label.astext())).strip())}"'


def _visit_label(self: HTML5Translator, node: LabelNode) -> None:
    option = node.parent
    if not option["control"]:
        self.body.append('<p class="ck-label">')
        return
    name = escape(option["question"])
    self.body.append(
        f'<label class="ck-pick"><input type="{option["control"]}" name="{name}" '
        f'id="{name}-{option["number"]}" value="{option["number"]}" '
        f'data-right="{str(option["right"]).lower()}"{_spoken(node)}>'
        '<span class="ck-label">'
    )


def _depart_label(self: HTML5Translator, node: LabelNode) -> None:
    picked = '</span><span class="ck-mark"></span></label>'
    self.body.append(picked if node.parent["control"] else "</p>")


def _visit_reason(self: HTML5Translator, node: ReasonNode) -> None:
    kind = "right" if node["right"] else "wrong"
    verdict = node.get("verdict") or ("Right" if node["right"] else "Not so")
    if node["folded"]:
        self.body.append(
            f'<details class="ck-reason ck-{kind}">'
            "<summary>Right or not, and why</summary>"
        )
    self.body.append(f'<div class="ck-why ck-{kind}"><strong>{verdict}:</strong> ')


def _depart_reason(self: HTML5Translator, node: ReasonNode) -> None:
    self.body.append("</div></details>" if node["folded"] else "</div>")


def _visit_recall(self: HTML5Translator, node: RecallNode) -> None:
    name = escape(node["question"])
    self.body.append(
        f'<section class="ck-recall" data-question="{name}">'
        f'<p class="ck-picked">You were asked to <a href="#predict-{name}">predict '
        "this</a> earlier on this page.</p>"
        '<details class="ck-options"><summary>Every option, and why</summary>'
    )


def _closing(tags: str) -> Any:
    return lambda self, _node: self.body.append(tags)


def setup(app: Sphinx) -> None:
    """Register the directives and how they are written."""
    app.add_directive("quiz", Ask)
    app.add_directive("predict", Ask)
    app.add_directive("predicted", Predicted)
    app.add_node(QuestionNode, html=(_visit_question, _depart_question))
    app.add_node(PromptNode, html=(_visit_prompt, _depart_prompt))
    app.add_node(OptionNode, html=(_visit_option, _closing("</div>")))
    app.add_node(LabelNode, html=(_visit_label, _depart_label))
    app.add_node(ReasonNode, html=(_visit_reason, _depart_reason))
    app.add_node(RecallNode, html=(_visit_recall, _closing("</details></section>\n")))
    app.connect("env-purge-doc", forget_page)
