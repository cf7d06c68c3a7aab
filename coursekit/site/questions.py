"""Questions as authors write them: a prompt, then options, each with its reason.

    Which step size diverges?

    - [ ] 0.1 :: it is below the limit that the curvature sets.
    - [x] 2.5 :: it is above that limit, so each step overshoots further.

Read by the site, which makes form controls of them, and by the notebooks, which show
the reasons folded.
"""

import re
from dataclasses import dataclass

_OPTION = re.compile(r"^- \[(?P<mark>.)\](?P<rest>.*)$")
_EXPECTED = "expected '- [x] option :: reason' or '- [ ] option :: reason'"


class QuestionError(ValueError):
    """A malformed question.

    Parameters
    ----------
    line
        Line of the directive's content, from 0, that is wrong.
    message
        What was found and what was expected.
    """

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True)
class Option:
    """One option: its text, why one would pick it, whether it is right, its line."""

    text: str
    reason: str
    right: bool
    line: int


@dataclass(frozen=True)
class Question:
    """A prompt in Markdown and its options."""

    prompt: str
    options: tuple[Option, ...]

    @property
    def many(self) -> bool:
        """Whether more than one option is right, so that several can be ticked."""
        return sum(option.right for option in self.options) > 1


def parse(text: str) -> Question:
    r"""Read a question.

    Parameters
    ----------
    text
        The content of a `predict` or `quiz` directive.

    Returns
    -------
    Question
        Prompt and options.

    Raises
    ------
    QuestionError
        If there is no prompt, fewer than two options, no right one, or an option
        without its reason.

    Examples
    --------
    >>> question = parse("Even?\n\n- [x] 2 :: it halves.\n- [ ] 3 :: it does not.")
    >>> [(option.text, option.right) for option in question.options]
    [('2', True), ('3', False)]
    """
    lines = text.splitlines()
    starts = [i for i, line in enumerate(lines) if line.startswith("- [")]
    prompt = "\n".join(lines[: starts[0]] if starts else lines).strip()
    if not prompt:
        raise QuestionError(0, "the question itself is missing: write it first.")
    ends = [*starts[1:], len(lines)]
    options = tuple(
        _option(lines[start:end], start)
        for start, end in zip(starts, ends, strict=False)
    )
    _check(options)
    return Question(prompt, options)


def _option(lines: list[str], number: int) -> Option:
    text = " ".join(line.strip() for line in lines).strip()
    found = _OPTION.match(text)
    if found is None or found["mark"] not in " xX":
        raise QuestionError(number, f"{_EXPECTED}, found {text!r}.")
    label, separator, reason = found["rest"].strip().partition(" :: ")
    if not separator or not reason.strip():
        raise QuestionError(number, f"the option has no reason: {_EXPECTED}.")
    return Option(label.strip(), reason.strip(), found["mark"] in "xX", number)


def _check(options: tuple[Option, ...]) -> None:
    if len(options) < 2:
        raise QuestionError(
            0, f"a question has two options or more, found {len(options)}: {_EXPECTED}."
        )
    if not any(option.right for option in options):
        raise QuestionError(0, "no option is marked right: mark one with [x].")
