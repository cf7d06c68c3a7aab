import pytest

from coursekit.site.questions import QuestionError, parse

GOOD = "Which?\n\n- [x] this :: it is.\n- [ ] that :: it is not."


def test_a_question_has_prompt_options_and_reasons():
    question = parse(GOOD)
    assert question.prompt == "Which?"
    assert [(o.text, o.reason, o.right) for o in question.options] == [
        ("this", "it is.", True),
        ("that", "it is not.", False),
    ]
    assert not question.many


def test_several_right_options_can_be_ticked():
    assert parse(GOOD.replace("[ ]", "[X]")).many


def test_an_option_may_go_on_over_lines():
    question = parse("Which?\n- [x] this\n  one :: because\n  so.\n- [ ] b :: no.")
    assert question.options[0].text == "this one"
    assert question.options[0].reason == "because so."


def test_the_first_separator_ends_the_option():
    assert parse("A?\n- [x] a :: b :: c\n- [ ] d :: e").options[0].reason == "b :: c"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("", 0, "question itself"),
        ("- [x] a :: b\n- [ ] c :: d", 0, "question itself"),
        ("Which?", 0, "found 0"),
        ("Which?\n- [x] a :: b", 0, "found 1"),
        ("Which?\n- [ ] a :: b\n- [ ] c :: d", 0, "marked right"),
        ("Which?\n- [x] a :: b\n- [ ] c", 2, "no reason"),
        ("Which?\n- [x] a :: b\n- [ ] c ::", 2, "no reason"),
        ("Which?\n- [y] a :: b\n- [ ] c :: d", 1, "expected"),
        ("Which?\n- [] a :: b\n- [x] c :: d", 1, "expected"),
    ],
)
def test_a_malformed_question_is_refused_with_its_line(text, line, says):
    with pytest.raises(QuestionError, match=says) as caught:
        parse(text)
    assert caught.value.line == line
