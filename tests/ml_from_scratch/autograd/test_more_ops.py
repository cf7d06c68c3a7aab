"""What networks need besides arithmetic: against torch, differences and float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from ml_from_scratch import autograd as ag
from ml_from_scratch.autograd import Tensor
from ml_from_scratch.autograd.tape import put_back


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


# Entry by entry -------------------------------------------------------------------

ENTRYWISE = {
    "gelu": (ag.gelu, torch.nn.functional.gelu),
    "gelu by tanh": (
        lambda x: ag.gelu(x, "tanh"),
        lambda x: torch.nn.functional.gelu(x, approximate="tanh"),
    ),
    "abs": (Tensor.abs, torch.abs),
    "square root": (lambda x: (x * x + 0.5).sqrt(), lambda x: (x * x + 0.5).sqrt()),
    "clip": (lambda x: x.clip(-0.5, 1.0), lambda x: x.clamp(-0.5, 1.0)),
    "clip from below": (lambda x: x.clip(low=0.1), lambda x: x.clamp(min=0.1)),
    "clip from above": (lambda x: x.clip(high=0.1), lambda x: x.clamp(max=0.1)),
}


@pytest.mark.parametrize("name", ENTRYWISE)
@given(array_shapes(min_dims=0, max_dims=3, max_side=4), st.integers(0, 99))
@settings(max_examples=15)
def test_entrywise_operations(agrees_with_torch_and_differences, name, shape, seed):
    ours, theirs = ENTRYWISE[name]
    agrees_with_torch_and_differences(ours, theirs, [normal(*shape, seed=seed)])


@pytest.mark.parametrize("name", ENTRYWISE)
def test_entrywise_operations_at_kinks_and_far_out(agrees_with_torch, name):
    ours, theirs = ENTRYWISE[name]
    far = np.array([-1e3, -40.0, -9.0, -0.5, 0.0, 1.0, 9.0, 40.0, 1e3])
    agrees_with_torch(ours, theirs, [far], rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("name", ENTRYWISE)
def test_float32_gradients_are_float64s_rounded(name):
    ours, _ = ENTRYWISE[name]
    found = []
    for dtype in (np.float32, np.float64):
        x = Tensor(normal(200, seed=3).astype(np.float32).astype(dtype), True)
        out = ours(x)
        assert out.dtype == dtype
        out.backward(normal(200, seed=4))
        found.append(x.grad)
    assert found[0].dtype == np.float32
    np.testing.assert_allclose(found[0], found[1], rtol=2e-5, atol=1e-6)


def test_a_clip_without_ends_or_with_crossed_ones():
    np.testing.assert_array_equal(Tensor([1e300, -5.0]).clip().data, [1e300, -5.0])
    with pytest.raises(ValueError, match="low <= high, found 2 and 1"):
        Tensor([1.0]).clip(2, 1)


def test_another_gelu_is_refused():
    with pytest.raises(ValueError, match="'none' or 'tanh', found 'erf'"):
        ag.gelu(Tensor([1.0]), "erf")


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
@settings(max_examples=30)
def test_masked_fill_broadcasts_the_mask(agrees_with_torch, shapes):
    mask, x = (normal(*s, seed=i) for i, s in enumerate(shapes.input_shapes))
    hidden = mask > 0
    agrees_with_torch(
        lambda t: t.masked_fill(hidden, -3.0),
        lambda t: torch.where(torch.tensor(hidden), torch.tensor(-3.0).double(), t),
        [x],
    )


def test_what_was_masked_gets_no_gradient_even_if_that_is_infinite():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.masked_fill([True, False], -np.inf).backward(np.array([np.inf, 3.0]))
    np.testing.assert_array_equal(x.grad, [0.0, 3.0])
    assert x.masked_fill([True, False], 0).dtype == np.float64


# Shapes ---------------------------------------------------------------------------


@pytest.mark.parametrize("axes", [(0, 1), (-1, -2), (0, 2), (1, 1)])
def test_swapaxes(agrees_with_torch_and_differences, axes):
    agrees_with_torch_and_differences(
        lambda t: t.swapaxes(*axes), lambda t: t.swapaxes(*axes), [normal(2, 3, 4)]
    )


@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
@settings(max_examples=30)
def test_expand_repeats_and_its_gradient_sums(agrees_with_torch, shapes):
    agrees_with_torch(
        lambda t: t.expand(*shapes.result_shape) * 2.0,
        lambda t: t.expand(shapes.result_shape) * 2.0,
        [normal(*shapes.input_shapes[0])],
    )


def test_expand_refuses_a_shape_that_does_not_broadcast():
    with pytest.raises(ValueError, match="broadcast"):
        Tensor([1.0, 2.0]).expand(3)


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("count", [1, 3])
def test_stack_along_any_axis(agrees_with_torch_and_differences, axis, count):
    inputs = [normal(2, 3, seed=i) for i in range(count)]
    agrees_with_torch_and_differences(
        lambda *ts: ag.stack(ts, axis), lambda *ts: torch.stack(ts, axis), inputs
    )


def test_stack_of_nothing_or_of_other_shapes_is_refused():
    with pytest.raises(ValueError, match="at least one tensor"):
        ag.stack([])
    with pytest.raises(ValueError, match="same shape"):
        ag.stack([Tensor([1.0]), Tensor([1.0, 2.0])])


@pytest.mark.parametrize(
    ("sizes", "axis"), [(2, 0), (5, 0), (9, 0), ([1, 4], 0), ([3, 0], 1), (1, -1)]
)
def test_split_gives_the_pieces_of_torch(
    agrees_with_torch_and_differences, sizes, axis
):
    x, weights = normal(5, 3), normal(9, seed=1)

    def weighed(pieces):
        return sum(
            (piece * float(w)).sum() for piece, w in zip(pieces, weights, strict=False)
        )

    agrees_with_torch_and_differences(
        lambda t: weighed(ag.split(t, sizes, axis)),
        lambda t: weighed(torch.split(t, sizes, axis)),
        [x],
    )
    ours = ag.split(Tensor(x), sizes, axis)
    theirs = torch.split(torch.tensor(x), sizes, axis)
    for mine, twin in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine.data, twin.numpy())


@pytest.mark.parametrize("sizes", [0, [2, 2], [6, -1]])
def test_split_refuses_sizes_that_do_not_fit(sizes):
    with pytest.raises(ValueError, match="split needs"):
        ag.split(Tensor(np.zeros((5, 3))), sizes)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=2)
)
@settings(max_examples=20)
def test_pad(agrees_with_torch, widths):
    flat = [w for pair in widths[::-1] for w in pair]
    agrees_with_torch(
        lambda t: ag.pad(t, widths, 7.0),
        lambda t: torch.nn.functional.pad(t, flat, value=7.0),
        [normal(2, 3)],
    )


@pytest.mark.parametrize("widths", [[(1, 1)], [(1, 1), (0, -1)]])
def test_pad_refuses_widths_that_do_not_fit(widths):
    with pytest.raises(ValueError, match="0 or more for each of 2 axes"):
        ag.pad(Tensor(np.zeros((2, 3))), widths)


# Looking up rows ------------------------------------------------------------------


@given(
    array_shapes(min_dims=1, max_dims=3, max_side=5),
    array_shapes(min_dims=0, max_dims=2, max_side=6),
    st.sampled_from([np.float32, np.float64]),
    st.integers(0, 99),
)
@settings(max_examples=40)
def test_rows_taken_more_than_once_add_up_as_in_add_at(shape, taken, dtype, seed):
    rng = np.random.default_rng(seed)
    index = rng.integers(-shape[0], shape[0], taken)
    g = rng.normal(size=(*taken, *shape[1:])).astype(dtype)
    expected = np.zeros(shape)
    np.add.at(expected, index, g)
    found = put_back(g, index, shape)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    if dtype == np.float64:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_no_rows_taken_or_there_leave_a_gradient_of_zeros():
    for shape, index in [((3, 2), []), ((0, 2), []), ((3, 0), [1, 1])]:
        x = Tensor(np.zeros(shape), requires_grad=True)
        x[np.array(index, dtype=int)].sum().backward()
        np.testing.assert_array_equal(x.grad, np.zeros(shape))


# The whole ------------------------------------------------------------------------


def test_1200_operations_of_all_kinds_agree_with_torch():
    x, w = normal(4, 4), normal(4, 4, seed=1)

    def chain(t, u, gelu, stack):
        for _ in range(150):  # eight operations each
            t = gelu(t * u).swapaxes(0, 1).clip(-2.0, 2.0)
            t = stack([t, t.abs()]).sum(0) - t + u
        return t

    ours = [Tensor(a, requires_grad=True) for a in (x, w)]
    theirs = [torch.tensor(a, requires_grad=True) for a in (x, w)]
    mine = chain(*ours, ag.gelu, ag.stack)
    twin = chain(*theirs, torch.nn.functional.gelu, torch.stack)
    np.testing.assert_allclose(mine.data, twin.detach().numpy(), rtol=1e-11)
    mine.sum().backward()
    twin.sum().backward()
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-9, atol=1e-9)
