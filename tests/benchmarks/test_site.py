"""The site's benchmark names the worst page for what it is."""

from benchmarks.site import summary


def test_of_costs_the_highest_is_the_worst_and_of_marks_the_lowest():
    rows = {
        "a.html": {"kilobytes": 10.0, "performance": 100},
        "b.html": {"kilobytes": 30.0, "performance": 99},
        "c.html": {"kilobytes": 20.0, "performance": 90},
    }
    found = summary(rows)
    assert found["kilobytes"]["page"] == "b.html"
    assert found["kilobytes"]["median"] == 20.0
    assert (found["performance"]["worst"], found["performance"]["page"]) == (
        90,
        "c.html",
    )


def test_a_measure_that_only_some_pages_have_counts_those():
    found = summary({"a": {"first_result": 7.5, "axe": 0}, "b": {"axe": 1}})
    assert found["first_result"] == {
        "worst": 7.5,
        "median": 7.5,
        "page": "a",
        "pages": 1,
    }
    assert found["axe"]["pages"] == 2
