"""The graph: reuse, depth, freeing, switching it off, and what may be changed when."""

import threading
import weakref

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ml_from_scratch.autograd import Tensor, no_grad, unbroadcast


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def test_a_value_used_twice_gets_both_gradients():
    x = Tensor(3.0, requires_grad=True)
    (x * x + x).backward()
    assert x.grad == 7.0


def test_a_diamond_waits_until_both_sides_have_reported():
    x = Tensor(0.5, requires_grad=True)
    y = x.exp()
    (y * y.tanh() + y.log() * y).backward()
    twin = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    z = twin.exp()
    (z * z.tanh() + z.log() * z).backward()
    np.testing.assert_allclose(x.grad, twin.grad.numpy(), rtol=1e-14)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=40))
def test_any_graph_of_sums_and_products_agrees_with_torch(choices):
    """Each new node adds or multiplies two of those before it."""

    def build(nodes):
        for step, (i, j) in enumerate(choices):
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            nodes.append(a + b if step % 2 else (a * b).tanh())
        return nodes[-1] + nodes[0] * 0.0

    x = Tensor(0.7, requires_grad=True)
    twin = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    build([x]).backward()
    build([twin]).backward()
    # Where tanh saturates, 1 - tanh² is a small difference of numbers near one.
    np.testing.assert_allclose(x.grad, twin.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_twice_as_wide_at_each_level_is_still_one_visit_a_node():
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(200):  # 2 ** 200 paths
        y = y + y
    y.backward()
    assert x.grad == 2.0**200


@pytest.mark.parametrize("depth", [1_200, 50_000])
def test_depth_is_no_limit(depth):
    x = Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(depth):
        y = y + 1.0
    y.backward(retain_graph=True)
    assert x.grad == 1.0
    del y  # and neither is it for taking the graph apart


def test_1200_operations_agree_with_torch():
    rng = np.random.default_rng(0)
    data = [rng.normal(size=(3, 3)) for _ in range(3)]
    ours = [Tensor(a, requires_grad=True) for a in data]
    theirs = [torch.tensor(a, requires_grad=True) for a in data]

    def chain(x, w, b):
        for _ in range(400):
            x = (x * w + b).tanh()
        return x.sum()

    chain(*ours).backward()
    chain(*theirs).backward()
    for mine, twin in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.grad, twin.grad.numpy(), rtol=1e-12, atol=1e-12)


def test_gradients_add_up_over_calls_until_they_are_zeroed():
    x = leaf(1.0, 2.0)
    for count in (1, 2, 3):
        (x * 2.0).sum().backward()
        np.testing.assert_array_equal(x.grad, [2.0 * count, 2.0 * count])
    x.zero_grad()
    assert x.grad is None


def test_only_leaves_that_asked_keep_a_gradient():
    x, c = leaf(1.0, 2.0), Tensor([3.0, 4.0])
    y = x * c
    y.sum().backward()
    assert y.grad is None
    assert c.grad is None
    np.testing.assert_array_equal(x.grad, [3.0, 4.0])


def test_a_leaf_may_be_asked_directly():
    x = Tensor(2.0, requires_grad=True)
    x.backward()
    assert x.grad == 1.0


def test_two_leaves_never_share_one_gradient_array():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).backward(np.ones(2))
    a.grad *= 10.0
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])


def test_the_gradient_that_was_passed_in_is_not_kept():
    x, seed = leaf(1.0, 2.0), np.ones(2)
    (x + 0.0).backward(seed)
    x.grad += 5.0
    np.testing.assert_array_equal(seed, [1.0, 1.0])


def test_a_gradient_may_be_written_to_after_a_sum():
    x = leaf(1.0, 2.0)
    x.sum().backward()
    x.grad *= 0.5
    np.testing.assert_array_equal(x.grad, [0.5, 0.5])


# Freeing -------------------------------------------------------------------------


def test_a_second_backward_is_refused_and_changes_nothing():
    x = leaf(1.0, 2.0)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        loss.backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_a_graph_that_shares_a_freed_part_is_refused_before_any_gradient_moves():
    x, other = leaf(1.0, 2.0), leaf(5.0, 6.0)
    shared = x * x
    shared.sum().backward()
    with pytest.raises(RuntimeError, match="freed by an earlier"):
        (shared * other).sum().backward()
    assert other.grad is None


def test_a_retained_graph_can_be_asked_again():
    x = leaf(1.0, 2.0)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    np.testing.assert_array_equal(x.grad, [4.0, 8.0])


def test_the_memory_of_the_forward_pass_is_freed_without_the_garbage_collector():
    x = leaf(1.0, 2.0)
    middle = x * 2.0
    watch = weakref.ref(middle.data)
    loss = (middle * middle).sum()
    del middle
    assert watch() is not None
    loss.backward()
    assert watch() is None


def test_a_result_that_is_dropped_takes_its_graph_with_it():
    x = leaf(1.0, 2.0)
    y = (x * 2.0).exp()
    watch = weakref.ref(y.data)
    del y
    assert watch() is None


# Switching it off ----------------------------------------------------------------


def test_nothing_is_recorded_under_no_grad_nor_by_what_it_decorates():
    x = leaf(1.0, 2.0)

    @no_grad()
    def predict(t):
        return (t * 2.0).sum()

    with no_grad():
        y = (x * 2.0).sum()
    assert not y.requires_grad
    assert not predict(x).requires_grad
    assert (x * 2.0).requires_grad


def test_recording_comes_back_after_an_error_inside():
    x = leaf(1.0)
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * 2.0).requires_grad


def test_no_grad_in_one_thread_leaves_another_recording():
    x, seen = leaf(1.0), []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append((x * 2.0).requires_grad))
        thread.start()
        thread.join()
    assert seen == [True]


def test_detach_stops_the_gradient_and_shares_the_values():
    x = leaf(1.0, 2.0)
    y = x * 3.0
    (y.detach() * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [3.0, 6.0])
    assert y.detach().data is y.data


def test_the_gradient_of_a_constant_is_never_computed():
    def explode(_):
        raise AssertionError("computed for a constant")

    from ml_from_scratch.autograd import record

    x, c = leaf(1.0), Tensor([2.0])
    record(x.data * c.data, (x, lambda g: g * 2.0), (c, explode)).backward()
    assert x.grad == [2.0]


# In-place changes ----------------------------------------------------------------


def test_the_result_of_an_operation_is_read_only():
    x = leaf(1.0, 2.0)
    for y in (x.exp(), x[0], x.reshape(2, 1), x.sum(), x + 1.0):
        with pytest.raises(ValueError, match="read-only"):
            y.data[...] = 0.0
    x.data -= 1.0  # a leaf is the optimiser's to change
    np.testing.assert_array_equal(x.data, [0.0, 1.0])


# Bad input -----------------------------------------------------------------------


def test_backward_without_a_gradient_needs_one_entry():
    with pytest.raises(ValueError, match=r"needs one entry.*\(2,\)"):
        (leaf(1.0, 2.0) * 2.0).backward()
    x = leaf(1.0)
    (x * 2.0).backward()
    np.testing.assert_array_equal(x.grad, [2.0])


def test_backward_refuses_a_gradient_of_another_shape():
    with pytest.raises(ValueError, match=r"is \(3,\), but the tensor is \(2,\)"):
        (leaf(1.0, 2.0) * 2.0).backward(np.ones(3))


def test_backward_refuses_a_result_that_depends_on_nothing():
    with pytest.raises(RuntimeError, match=r"shape \(2,\) does not depend on any"):
        (Tensor([1.0, 2.0]) * 2.0).backward(np.ones(2))


# Undoing a broadcast --------------------------------------------------------------


@pytest.mark.parametrize(
    "shape", [(), (1,), (4,), (1, 4), (3, 1), (3, 4), (1, 1), (2, 1, 1), (2, 3, 4)]
)
def test_unbroadcast_is_the_transpose_of_broadcasting(shape):
    """<broadcast(x), g> = <x, unbroadcast(g)> for every x and g."""
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=shape), rng.normal(size=(2, 3, 4))
    found = unbroadcast(g, shape)
    assert found.shape == shape
    there = np.sum(np.broadcast_to(x, g.shape) * g)
    np.testing.assert_allclose(there, np.sum(x * found))


@pytest.mark.parametrize("shape", [(2,), (1, 1, 1), (3, 4)])
def test_unbroadcast_refuses_a_shape_that_does_not_fit(shape):
    with pytest.raises(ValueError, match="does not broadcast"):
        unbroadcast(np.ones((2, 3)), shape)
