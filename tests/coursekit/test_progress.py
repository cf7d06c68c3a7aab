"""Progress is a bar on a terminal and a few lines elsewhere."""

import io

from rich.console import Console

from coursekit.progress import shown


def said(steps, **options):
    text = io.StringIO()
    console = Console(file=text, width=100, **options)
    with shown(console) as on_progress:
        for step in steps:
            on_progress(*step)
    return text.getvalue()


def test_without_a_terminal_a_stage_has_a_line_at_its_beginning_and_its_end():
    steps = [("executing", done, 300) for done in range(301)]
    steps += [("judging", done, 2) for done in range(3)]
    assert said(steps).splitlines() == [
        "executing: 0 of 300",
        "executing: 300 of 300",
        "judging: 0 of 2",
        "judging: 2 of 2",
    ]


def test_a_stage_of_unknown_length_is_told_when_it_begins_and_ends():
    steps = [("nbval", 0, 0), ("nbval", 0, 0), ("nbval", 1, 1), ("comparing", 0, 1)]
    assert said(steps).splitlines() == [
        "nbval: begun",
        "nbval: done in 0 s",
        "comparing: 0 of 1",
    ]


def test_on_a_terminal_a_stage_of_unknown_length_shows_the_time_and_no_end():
    text = said([("nbval", 0, 0)], force_terminal=True)
    assert "nbval" in text
    assert "0/?" in text
    assert "0:00:0" in text
    assert "1/1" in said([("nbval", 0, 0), ("nbval", 1, 1)], force_terminal=True)


def test_on_a_terminal_there_is_a_bar_for_each_stage():
    steps = [("executing", 3, 3), ("judging", 1, 2)]
    text = said(steps, force_terminal=True)
    assert "executing" in text
    assert "3/3" in text
    assert "1/2" in text
