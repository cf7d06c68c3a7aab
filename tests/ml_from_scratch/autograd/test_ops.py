"""Operations of several tensors and the fused ones, against torch and differences."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes

from ml_from_scratch import autograd as ag
from ml_from_scratch.autograd import Tensor


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Joining and choosing -------------------------------------------------------------


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("lengths", [(2,), (1, 3), (2, 0, 1)])
def test_concatenation_along_any_axis(agrees_with_torch_and_differences, axis, lengths):
    shapes = np.tile([2, 3, 4], (len(lengths), 1))
    shapes[:, axis] = lengths
    inputs = [normal(*shape, seed=i) for i, shape in enumerate(shapes)]
    agrees_with_torch_and_differences(
        lambda *ts: ag.concatenate(ts, axis), lambda *ts: torch.cat(ts, axis), inputs
    )


def test_a_tensor_joined_to_itself_gets_both_parts():
    x = Tensor([1.0, 2.0], requires_grad=True)
    ag.concatenate([x, x]).backward(np.array([1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(x.grad, [4.0, 6.0])


def test_concatenation_of_nothing_or_of_other_shapes_is_refused():
    with pytest.raises(ValueError, match="at least one tensor"):
        ag.concatenate([])
    with pytest.raises(ValueError, match=r"size 2 and .* size 3"):
        ag.concatenate([Tensor(np.ones((1, 2))), Tensor(np.ones((1, 3)))])


@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3))
def test_where_broadcasts_all_three(agrees_with_torch, shapes):
    condition, a, b = (
        normal(*shape, seed=i) for i, shape in enumerate(shapes.input_shapes)
    )
    chosen = condition > 0
    agrees_with_torch(
        lambda x, y: ag.where(chosen, x, y),
        lambda x, y: torch.where(torch.tensor(chosen), x, y),
        [a, b],
    )


@given(
    arrays(np.float64, (2, 3), elements=st.integers(-2, 2)),
    arrays(np.float64, (3,), elements=st.integers(-2, 2)),
)
def test_maximum_splits_ties_as_torch_does(agrees_with_torch, a, b):
    agrees_with_torch(ag.maximum, torch.maximum, [a, b])


def test_choices_agree_with_differences():
    a, b = normal(2, 3), normal(3, seed=1)
    ag.gradcheck(ag.maximum, [a, b])
    ag.gradcheck(lambda x, y: ag.where(a > 0, x, y), [a, b])


@pytest.mark.parametrize("f", [ag.maximum, lambda a, b: ag.where([True, False], a, b)])
def test_numbers_on_either_side_keep_float32(f):
    x = Tensor(np.array([1.0, -1.0], np.float32), requires_grad=True)
    for out in (f(x, 0.0), f(0.0, x), f(x, np.array([1, 0]))):
        assert out.dtype == np.float32


def test_where_says_nothing_of_the_branch_that_was_not_taken():
    x = Tensor([1.0, 4.0], requires_grad=True)
    ag.where([True, False], x**0.5, x**2).sum().backward()
    np.testing.assert_allclose(x.grad, [0.5, 8.0])


# Softmax and its kin --------------------------------------------------------------


SOFT = {
    "log_softmax": (ag.log_softmax, torch.log_softmax),
    "softmax": (ag.softmax, torch.softmax),
}
sizes = st.floats(-30, 30).map(lambda x: round(x, 3))


@pytest.mark.parametrize("name", SOFT)
@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@given(x=arrays(np.float64, (3, 4), elements=sizes))
def test_softmax_over_any_axis_agrees_with_torch(agrees_with_torch, name, axis, x):
    ours, theirs = SOFT[name]
    agrees_with_torch(lambda t: ours(t, axis), lambda t: theirs(t, axis), [x])


@pytest.mark.parametrize("axis", [0, -1, (0, 1), None])
@pytest.mark.parametrize("keepdims", [False, True])
@given(x=arrays(np.float64, (3, 4), elements=sizes))
def test_logsumexp_over_any_axes_agrees_with_torch(
    agrees_with_torch, axis, keepdims, x
):
    dims = (0, 1) if axis is None else axis
    agrees_with_torch(
        lambda t: ag.logsumexp(t, axis, keepdims),
        lambda t: torch.logsumexp(t, dims, keepdims),
        [x],
    )


@pytest.mark.parametrize("f", [ag.log_softmax, ag.softmax, ag.logsumexp])
@pytest.mark.parametrize("axis", [0, 1])
def test_softmax_and_kin_agree_with_differences(f, axis):
    ag.gradcheck(lambda t: f(t, axis), [normal(3, 4)])


@given(arrays(np.float64, (2, 4), elements=sizes), st.floats(-1e6, 1e6))
def test_a_constant_added_to_all_logits_changes_no_probability(x, shift):
    moved = ag.softmax(Tensor(x + shift)).data
    np.testing.assert_allclose(moved, ag.softmax(Tensor(x)).data, atol=1e-8)
    np.testing.assert_allclose(moved.sum(axis=1), 1.0)


HUGE = np.array([[1e4, -1e4, 0.0], [1e300, 1e300, -1e300], [-800.0, -801.0, -802.0]])


@pytest.mark.parametrize("name", SOFT)
def test_huge_logits_agree_with_torch_without_a_warning(agrees_with_torch, name):
    ours, theirs = SOFT[name]
    agrees_with_torch(lambda t: ours(t, -1), lambda t: theirs(t, -1), [HUGE])


def test_logsumexp_of_huge_and_of_missing_entries(agrees_with_torch):
    x = np.vstack([HUGE[::2], [-np.inf, 1.0, 2.0]])
    agrees_with_torch(
        lambda t: ag.logsumexp(t, -1), lambda t: torch.logsumexp(t, -1), [x]
    )


def test_the_gradient_of_logsumexp_adds_up_to_one_however_huge_the_logits():
    """At 1e300 torch's adds up to 2: it subtracts the rounded result."""
    x = Tensor(HUGE, requires_grad=True)
    ag.logsumexp(x).sum().backward()
    np.testing.assert_allclose(x.grad.sum(axis=1), 1.0)


def test_where_every_logit_is_missing_nothing_becomes_nan():
    """Torch gives NaN here; a row of attention that sees nothing should give zero."""
    for f, expected in (
        (ag.logsumexp, -np.inf),
        (ag.softmax, [0.0, 0.0]),
        (ag.log_softmax, [-np.inf, -np.inf]),
    ):
        x = Tensor([-np.inf, -np.inf], requires_grad=True)
        out = f(x)
        np.testing.assert_array_equal(out.data, expected)
        out.backward(np.ones(out.shape))
        assert not np.isnan(x.grad).any()


def test_masked_logits_get_no_probability_and_no_gradient():
    x = Tensor([0.0, -np.inf, 1.0], requires_grad=True)
    out = ag.log_softmax(x)
    ag.where([True, False, True], out, 0.0).sum().backward()
    assert np.isfinite(x.grad).all()
    assert x.grad[1] == 0.0


def test_logsumexp_of_nothing_is_refused_with_the_shape():
    with pytest.raises(ValueError, match=r"logsumexp over axis 1 of shape \(2, 0\)"):
        ag.logsumexp(Tensor(np.zeros((2, 0))), axis=1)


@pytest.mark.parametrize("f", [ag.log_softmax, ag.softmax, ag.logsumexp])
def test_float32_is_kept(f):
    x = Tensor(normal(3, 4).astype(np.float32), requires_grad=True)
    out = f(x)
    out.backward(np.ones(out.shape))
    assert out.dtype == x.grad.dtype == np.float32


# Cross-entropy --------------------------------------------------------------------


@given(st.data())
def test_cross_entropy_agrees_with_torch(agrees_with_torch, data):
    n, k = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 5))
    logits = data.draw(arrays(np.float64, (n, k), elements=sizes))
    labels = data.draw(arrays(np.int64, n, elements=st.integers(0, k - 1)))
    agrees_with_torch(
        lambda t: ag.cross_entropy(t, labels),
        lambda t: torch.nn.functional.cross_entropy(t, torch.tensor(labels)),
        [logits],
    )


def test_cross_entropy_agrees_with_differences_and_with_its_unfused_form():
    logits, labels = normal(5, 3), np.array([0, 2, 1, 1, 0])

    def unfused(t):
        return -ag.log_softmax(t)[np.arange(5), labels].mean()

    ag.gradcheck(lambda t: ag.cross_entropy(t, labels), [logits])
    a, b = (Tensor(logits, requires_grad=True) for _ in range(2))
    ag.cross_entropy(a, labels).backward()
    unfused(b).backward()
    np.testing.assert_allclose(a.grad, b.grad, atol=1e-14)


@given(arrays(np.float64, (4, 3), elements=sizes))
def test_each_row_of_the_gradient_of_cross_entropy_adds_up_to_zero(logits):
    x = Tensor(logits, requires_grad=True)
    ag.cross_entropy(x, [0, 1, 2, 0]).backward()
    np.testing.assert_allclose(x.grad.sum(axis=1), 0.0, atol=1e-15)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_of_huge_logits_is_exact(agrees_with_torch, dtype):
    logits = np.array([[0.0, 1e4], [1e4, 0.0]], dtype)
    agrees_with_torch(
        lambda t: ag.cross_entropy(t, [0, 0]),
        lambda t: torch.nn.functional.cross_entropy(t, torch.tensor([0, 0])),
        [logits],
    )


@pytest.mark.parametrize(
    ("logits", "targets", "error", "words"),
    [
        (np.zeros((2, 3)), [0], ValueError, r"\(2, 3\) and \(1,\)"),
        (np.zeros(3), [0], ValueError, r"\(3,\) and \(1,\)"),
        (np.zeros((0, 3)), np.zeros(0, int), ValueError, "n > 0"),
        (np.zeros((2, 3)), [0, 3], ValueError, "0 to 2, found 0 to 3"),
        (np.zeros((2, 3)), [-1, 0], ValueError, "found -1 to 0"),
        (np.zeros((2, 3)), [0.0, 1.0], TypeError, "integer classes, found float64"),
    ],
)
def test_cross_entropy_refuses_bad_targets(logits, targets, error, words):
    with pytest.raises(error, match=words):
        ag.cross_entropy(Tensor(logits), targets)
