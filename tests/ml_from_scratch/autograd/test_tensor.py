"""Every operation of `Tensor`: values and gradients against torch and differences."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import (
    array_shapes,
    arrays,
    basic_indices,
    integer_array_indices,
    mutually_broadcastable_shapes,
)

from ml_from_scratch.autograd import Tensor, as_tensor, record

entries = st.floats(-3, 3).map(lambda x: round(x, 3))


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def positive(*shape, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 2.0, size=shape)


BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}


@pytest.mark.parametrize("name", BINARY)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3))
def test_arithmetic_broadcasts_as_torch_does(
    agrees_with_torch_and_differences, name, shapes
):
    a, b = (positive(*shape, seed=i) for i, shape in enumerate(shapes.input_shapes))
    agrees_with_torch_and_differences(BINARY[name], BINARY[name], [a, b])


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_stand_on_either_side_and_keep_the_dtype(
    agrees_with_torch, name, dtype
):
    f = BINARY[name]
    x = positive(2, 3).astype(dtype)
    rtol = 1e-12 if dtype is np.float64 else 1e-6
    agrees_with_torch(lambda a: f(a, 2.5), lambda a: f(a, 2.5), [x], rtol, rtol)
    agrees_with_torch(lambda a: f(2.5, a), lambda a: f(2.5, a), [x], rtol, rtol)
    assert f(Tensor(x), np.float64(2.5)).dtype == dtype
    assert f(np.float64(2.5), Tensor(x)).dtype == dtype
    assert f(Tensor(x), np.array([1, 0, 1]) + 1).dtype == dtype


@pytest.mark.parametrize("name", BINARY)
def test_an_array_on_the_left_is_not_taken_apart(name):
    a, b = positive(2, 3), Tensor(positive(3, seed=1), requires_grad=True)
    found = BINARY[name](a, b)
    assert isinstance(found, Tensor)
    np.testing.assert_allclose(found.data, BINARY[name](a, b.data))


UNARY = {
    "neg": (lambda x: -x, lambda x: -x),
    "exp": (Tensor.exp, torch.exp),
    "tanh": (Tensor.tanh, torch.tanh),
    "relu": (Tensor.relu, torch.relu),
    "sigmoid": (Tensor.sigmoid, torch.sigmoid),
    "square": (lambda x: x**2, lambda x: x**2),
    "to the power 0": (lambda x: x**0, lambda x: x**0),
    "to the power 1": (lambda x: x**1, lambda x: x**1),
}


@pytest.mark.parametrize("name", UNARY)
@given(arrays(np.float64, array_shapes(min_dims=0, max_side=4), elements=entries))
def test_functions_of_one_entry_agree_with_torch(agrees_with_torch, name, x):
    agrees_with_torch(*UNARY[name], [x])


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_entry_agree_with_differences(
    agrees_with_torch_and_differences, name
):
    agrees_with_torch_and_differences(*UNARY[name], [normal(3, 4)])


@pytest.mark.parametrize("power", [-2, -0.5, 0.5, 1.5, 3])
def test_logarithm_and_fractional_powers_of_positive_entries(
    agrees_with_torch_and_differences, power
):
    x = positive(2, 3)
    agrees_with_torch_and_differences(Tensor.log, torch.log, [x])
    agrees_with_torch_and_differences(lambda t: t**power, lambda t: t**power, [x])


def test_powers_at_zero_have_the_gradient_of_torch(agrees_with_torch):
    for power in (0, 1, 2, 3):

        def f(t, power=power):
            return t**power

        agrees_with_torch(f, f, [np.zeros(3)])


def test_relu_passes_nothing_at_exactly_zero():
    x = Tensor([-1.0, 0.0, 1.0], requires_grad=True)
    x.relu().sum().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.0, 1.0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_arguments_saturate_without_a_warning(agrees_with_torch, dtype):
    x = np.array([-1e4, -50.0, 0.0, 50.0, 1e4], dtype)
    rtol = 1e-12 if dtype is np.float64 else 1e-6
    for name in ("sigmoid", "tanh", "relu"):
        agrees_with_torch(*UNARY[name], [x], rtol, 0.0)


# Matrix products -----------------------------------------------------------------


MATMUL = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((5, 2, 3), (3, 4)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((5, 2, 0), (0, 4)),
    ((0, 2, 3), (3, 4)),
]


@pytest.mark.parametrize(("left", "right"), MATMUL)
def test_matrix_products_of_all_ranks(agrees_with_torch_and_differences, left, right):
    agrees_with_torch_and_differences(
        lambda a, b: a @ b, lambda a, b: a @ b, [normal(*left), normal(*right, seed=1)]
    )


def test_an_array_times_a_tensor_is_a_matrix_product_on_the_tape():
    w = Tensor(normal(3, 2), requires_grad=True)
    X = normal(4, 3, seed=1)
    (X @ w).sum().backward()
    np.testing.assert_allclose(w.grad, X.T @ np.ones((4, 2)))


# Reductions ----------------------------------------------------------------------


AXES = [None, 0, 1, -1, (0, 2), (-1, 0), (0, 1, 2)]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("name", ["sum", "mean", "max"])
def test_reductions_over_any_axes(
    agrees_with_torch_and_differences, name, axis, keepdims
):
    x = normal(2, 3, 4)
    torch_name = "amax" if name == "max" else name
    dims = tuple(range(3)) if axis is None else axis
    agrees_with_torch_and_differences(
        lambda t: getattr(t, name)(axis=axis, keepdims=keepdims),
        lambda t: getattr(t, torch_name)(dim=dims, keepdim=keepdims),
        [x],
    )


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8), st.booleans())
def test_ties_of_the_maximum_share_the_gradient_evenly(
    agrees_with_torch, values, keepdims
):
    x = np.array(values, dtype=float).reshape(1, -1)
    agrees_with_torch(
        lambda t: t.max(axis=1, keepdims=keepdims),
        lambda t: t.amax(dim=1, keepdim=keepdims),
        [x],
    )


def test_no_axis_means_no_reduction():
    x = Tensor(normal(2, 3), requires_grad=True)
    for name in ("sum", "mean", "max"):
        out = getattr(x, name)(axis=())
        np.testing.assert_array_equal(out.data, x.data)
        x.zero_grad()
        out.backward(np.full((2, 3), 2.0))
        np.testing.assert_array_equal(x.grad, np.full((2, 3), 2.0))


def test_a_sum_over_nothing_is_zero_and_has_an_empty_gradient():
    x = Tensor(np.zeros((0, 3)), requires_grad=True)
    out = x.sum(axis=0)
    np.testing.assert_array_equal(out.data, np.zeros(3))
    out.backward(np.ones(3))
    assert x.grad.shape == (0, 3)


@pytest.mark.parametrize("name", ["mean", "max"])
def test_a_mean_or_maximum_of_nothing_is_refused_with_the_shape(name):
    with pytest.raises(ValueError, match=rf"{name} over axis 0 of shape \(0, 3\)"):
        getattr(Tensor(np.zeros((0, 3))), name)(axis=0)


@pytest.mark.parametrize("name", ["mean", "max"])
def test_an_axis_that_does_not_exist_is_refused_with_the_shape(name):
    with pytest.raises(ValueError, match=r"axis 2: shape \(2, 3\)"):
        getattr(Tensor(normal(2, 3)), name)(axis=2)


# Shapes and indices --------------------------------------------------------------


@pytest.mark.parametrize("shape", [(6, 4), (-1,), (2, 3, 4), (4, 1, -1)])
def test_reshape(agrees_with_torch_and_differences, shape):
    agrees_with_torch_and_differences(
        lambda t: t.reshape(*shape) * 2.0,
        lambda t: t.reshape(*shape) * 2.0,
        [normal(2, 3, 4)],
    )


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 0, 1), (1, 2, 0), (-1, 0, -2)])
def test_transpose_takes_axes_in_any_order(agrees_with_torch_and_differences, axes):
    agrees_with_torch_and_differences(
        lambda t: t.transpose(*axes), lambda t: t.permute(*axes), [normal(2, 3, 4)]
    )


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4)])
def test_T_reverses_the_axes(agrees_with_torch_and_differences, shape):
    order = tuple(range(len(shape)))[::-1]
    agrees_with_torch_and_differences(
        lambda t: t.T, lambda t: t.permute(order), [normal(*shape)]
    )


@given(st.data())
def test_slices_integers_and_new_axes_agree_with_differences_of_indexing(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=4))
    index = data.draw(basic_indices(shape, allow_newaxis=True))
    check_index(shape, index)


@given(st.data())
def test_repeated_indices_add_up(data):
    shape = data.draw(array_shapes(min_dims=1, max_dims=3, max_side=3))
    check_index(shape, data.draw(integer_array_indices(shape)))


def check_index(shape, index):
    """The oracle is NumPy's own indexing, one entry of the gradient at a time."""
    x = normal(*shape)
    tensor = Tensor(x, requires_grad=True)
    out = tensor[index]
    np.testing.assert_array_equal(out.data, x[index])
    seed = normal(*out.shape, seed=1)
    out.backward(seed)
    where = np.arange(x.size).reshape(shape)[index]
    expected = np.bincount(np.ravel(where), np.ravel(seed), minlength=x.size)
    np.testing.assert_allclose(tensor.grad, expected.reshape(shape), atol=1e-14)


@pytest.mark.parametrize(
    "index",
    [
        [0, 0, 2],
        (slice(None), [1, 1, 0]),
        ([0, 1], [2, 2]),
        np.array([True, False, True]),
        (slice(None, None, 2), None, 1),
        (..., 0),
        -1,
    ],
)
def test_indexing_agrees_with_torch(agrees_with_torch_and_differences, index):
    def twin(t):
        made = index if isinstance(index, tuple) else (index,)
        parts = [torch.tensor(p) if isinstance(p, np.ndarray) else p for p in made]
        return t[tuple(parts)]

    agrees_with_torch_and_differences(lambda t: t[index], twin, [normal(3, 4)])


def test_iteration_gives_rows_on_the_tape():
    x = Tensor(normal(3, 2), requires_grad=True)
    first, second, third = x
    (first * 1.0 + second * 2.0 + third * 3.0).sum().backward()
    np.testing.assert_array_equal(x.grad, [[1, 1], [2, 2], [3, 3]])


@given(arrays(np.float64, (2, 3), elements=entries))
def test_views_of_one_array_add_their_gradients(agrees_with_torch, x):
    def f(t):
        corner = t.reshape(3, 2)[0, 0]
        return t.T @ t + (t[0] * t[1]).sum() + corner * t[:, :1].sum()

    agrees_with_torch(f, f, [x])


# Properties of the whole ---------------------------------------------------------


@given(
    arrays(np.float64, (3, 2), elements=entries),
    arrays(np.float64, (2,), elements=entries),
)
def test_the_gradient_of_a_sum_of_functions_is_the_sum_of_gradients(x, y):
    def grads(f):
        a, b = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
        f(a, b).backward()
        return [np.zeros_like(t.data) if t.grad is None else t.grad for t in (a, b)]

    def first(a, b):
        return (a * b).tanh().sum()

    def second(a, b):
        return (a @ b).sigmoid().mean()

    both = grads(lambda a, b: first(a, b) + second(a, b))
    apart = zip(grads(first), grads(second), strict=True)
    for together, (one, other) in zip(both, apart, strict=True):
        np.testing.assert_allclose(together, one + other, atol=1e-12)


@given(arrays(np.float64, (4, 3), elements=entries), st.permutations(range(4)))
def test_permuting_the_rows_permutes_their_gradients(x, order):
    def grad(rows):
        t = Tensor(rows, requires_grad=True)
        (t.tanh() * t.sum(axis=1, keepdims=True)).mean().backward()
        return t.grad

    np.testing.assert_allclose(grad(x[order]), grad(x)[order], atol=1e-12)


@given(arrays(np.float64, (3, 3), elements=entries))
def test_a_two_layer_network_agrees_with_torch(agrees_with_torch, w):
    assume(np.abs(w).max() > 0)
    X, v = normal(5, 3, seed=2), normal(3, 2, seed=3)

    def ours(a, b):
        return ((Tensor(X) @ a).tanh() @ b).sigmoid().mean(axis=0)

    def theirs(a, b):
        return torch.sigmoid(torch.tanh(torch.tensor(X) @ a) @ b).mean(dim=0)

    agrees_with_torch(ours, theirs, [w, v])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_network_keeps_one_dtype_from_input_to_gradient(dtype):
    X = Tensor(normal(4, 3).astype(dtype))
    w = Tensor(normal(3, 2).astype(dtype), requires_grad=True)
    steps = [X @ w]
    for f in (Tensor.tanh, Tensor.sigmoid, Tensor.exp, Tensor.log, Tensor.relu):
        steps.append(f(steps[-1]))
    steps.append(-(2 * steps[-1] + 1) / 3 - 1)
    steps.append((1 - steps[-1]) ** 2)
    steps.append(1 / (steps[-1] + 1))
    steps.append(steps[-1].mean(axis=0, keepdims=True).max(axis=1)[[0, 0]].sum())
    assert [step.dtype for step in steps] == [dtype] * len(steps)
    steps[-1].backward()
    assert w.grad.dtype == dtype


def test_a_float32_leaf_in_a_float64_computation_gets_a_float32_gradient():
    x = Tensor(np.ones(2, np.float32), requires_grad=True)
    for _ in range(2):
        (x * np.array([1.0, 2.0])).sum().backward()
    assert x.grad.dtype == np.float32
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


# What a tensor is ----------------------------------------------------------------


def test_floats_are_kept_and_not_copied():
    for dtype in (np.float32, np.float64):
        x = np.zeros(3, dtype)
        assert Tensor(x).data is x


@pytest.mark.parametrize("data", [3, True, [1, 2], np.arange(3), np.array([True])])
def test_integers_and_booleans_become_float64(data):
    assert Tensor(data).dtype == np.float64


@pytest.mark.parametrize("data", [1j, "a", None, np.zeros(2, np.float16), [object()]])
def test_other_types_are_refused_by_name(data):
    with pytest.raises(TypeError, match="float32 or float64, found"):
        Tensor(data)


def test_it_says_what_it_is():
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    assert repr(x) == "Tensor([[1., 2.]], requires_grad=True)"
    assert (x.shape, x.ndim, x.size, len(x)) == ((1, 2), 2, 2, 1)
    assert float(x.sum()) == x.sum().item() == 3.0
    assert bool(Tensor(0.0)) is False
    assert as_tensor(x) is x


@pytest.mark.parametrize(
    ("ask", "error", "words"),
    [
        (lambda x: x.item(), ValueError, r"one entry.*\(2, 3\)"),
        (lambda x: len(x.sum()), TypeError, r"shape \(\)"),
        (lambda x: x @ np.zeros((2, 3)), ValueError, r"\(2, 3\) and \(2, 3\)"),
        (lambda x: x @ np.float64(2.0), ValueError, r"\(2, 3\) and \(\)"),
        (lambda x: x + np.zeros(4), ValueError, r"\(2,3\) \(4,\)"),
        (lambda x: x**x, TypeError, "exponent must be a number, found Tensor"),
        (lambda x: x + "a", TypeError, "float32 or float64, found"),
        (lambda x: x.reshape(4), ValueError, r"size 6 into shape \(4,\)"),
        (lambda x: x.transpose(0, 0), ValueError, "repeated axis"),
        (lambda x: x[5], IndexError, "index 5 is out of bounds"),
        (np.exp, TypeError, "does not support ufuncs"),
        (np.asarray, TypeError, "outside the tape"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(ask, error, words):
    with pytest.raises(error, match=words):
        ask(Tensor(np.ones((2, 3)), requires_grad=True))


def test_a_constant_may_be_handed_to_numpy():
    np.testing.assert_array_equal(np.asarray(Tensor([1.0, 2.0])), [1.0, 2.0])


def test_a_new_operation_needs_only_record(agrees_with_torch_and_differences):
    x = normal(3)

    def sine(t):
        return record(np.sin(t.data), (t, lambda g: g * np.cos(t.data)))

    agrees_with_torch_and_differences(sine, torch.sin, [x])


def test_a_gradient_function_of_the_wrong_shape_is_caught():
    x = Tensor(np.ones(3), requires_grad=True)
    out = record(x.data * 2, (x, lambda g: g[:2]))
    with pytest.raises(ValueError, match=r"\(2,\) cannot belong to .* \(3,\)"):
        out.backward(np.ones(3))
