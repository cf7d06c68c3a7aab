"""The oracle: the same expression in our tensors and in torch's, all compared."""

import numpy as np
import pytest
import torch

from ml_from_scratch.autograd import Tensor, gradcheck

torch.set_num_threads(1)


def compare(ours, theirs, inputs, rtol=1e-12, atol=1e-12):
    """Values and gradients, under the same random gradient of the result."""
    mine = [Tensor(x.copy(), requires_grad=True) for x in inputs]
    other = [torch.tensor(x, requires_grad=True) for x in inputs]
    found, expected = ours(*mine), theirs(*other)
    assert found.shape == tuple(expected.shape)
    np.testing.assert_allclose(
        found.data, expected.detach().numpy(), rtol=rtol, atol=atol
    )
    seed = np.random.default_rng(7).normal(size=found.shape).astype(found.dtype)
    found.backward(seed)
    expected.backward(torch.tensor(seed))
    for x, tensor, twin in zip(inputs, mine, other, strict=True):
        expected_grad = np.zeros_like(x) if twin.grad is None else twin.grad.numpy()
        assert tensor.grad.shape == x.shape
        assert tensor.grad.dtype == x.dtype
        np.testing.assert_allclose(tensor.grad, expected_grad, rtol=rtol, atol=atol)


@pytest.fixture(scope="session")
def agrees_with_torch():
    return compare


@pytest.fixture(scope="session")
def agrees_with_torch_and_differences():
    def compare_both(ours, theirs, inputs):
        compare(ours, theirs, inputs)
        gradcheck(ours, inputs)

    return compare_both
