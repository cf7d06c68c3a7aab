"""The figure of the large biased sample: against the formula, and by drawing."""

import numpy as np
import pytest

SHARE = 0.7415
SD = 100 * np.sqrt(SHARE * (1 - SHARE))  # percentage points


@pytest.mark.parametrize("rows", [1.0, 1.9, 4.7, 6.0])
@pytest.mark.parametrize("bias", [0.0, 0.3, 4.71, 10.0])
def test_the_error_is_bias_and_luck_together(figures, bias, rows):
    found = figures.model("large-and-biased", bias=bias, rows=rows)
    n = float(f"{10**rows:.2g}")
    assert found["n"] == n
    assert found["luck"] == pytest.approx(SD / np.sqrt(n), rel=1e-12)
    assert found["error"] == pytest.approx(np.sqrt(bias**2 + SD**2 / n), rel=1e-12)
    ten_times = np.sqrt(bias**2 + SD**2 / (10 * n))
    assert found["more"] == pytest.approx(ten_times, rel=1e-12)


@pytest.mark.parametrize("bias", [0.0, 0.3, 4.71, 10.0])
def test_so_many_rows_by_lot_err_as_much(figures, bias):
    found = figures.model("large-and-biased", bias=bias, rows=4.7)
    by_lot = figures.call("large-and-biased", "typical", 0, found["worth"])
    assert by_lot == pytest.approx(found["error"], rel=1e-12)
    assert found["worth"] <= found["n"] * (1 + 1e-12)


def test_drawing_says_the_same(figures):
    found = figures.model("large-and-biased", bias=3.0, rows=3.0)
    rng = np.random.default_rng(1)
    biased = 100 * rng.binomial(1_000, SHARE + 0.03, 200_000) / 1_000
    off = np.sqrt(np.mean((biased - 100 * SHARE) ** 2))
    assert found["error"] == pytest.approx(off, rel=0.01)


def test_what_the_page_says_of_its_first_state_holds(figures):
    first = figures.model("large-and-biased", bias=4.71, rows=4.7)
    assert (first["n"], round(first["worth"])) == (50_000, 86)
    more_rows = figures.model("large-and-biased", bias=4.71, rows=6.0)
    assert more_rows["worth"] < first["worth"] * 1.01
    less_bias = figures.model("large-and-biased", bias=0.47, rows=4.7)
    assert less_bias["worth"] > 50 * first["worth"]
