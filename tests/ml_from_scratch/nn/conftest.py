"""The oracle: the same module in torch, with the same state; all gradients compared."""

import numpy as np
import pytest
import torch

from ml_from_scratch.autograd import Tensor

torch.set_num_threads(1)


def compare(ours, theirs, x, *, rtol=1e-10, atol=1e-10):
    """Output and gradients by input and parameters, under one random gradient."""
    mine = Tensor(x.copy(), requires_grad=True)
    twin = torch.tensor(x, requires_grad=True)
    found, expected = ours(mine), theirs(twin)
    assert found.shape == tuple(expected.shape)
    np.testing.assert_allclose(
        found.data, expected.detach().numpy(), rtol=rtol, atol=atol
    )
    seed = np.random.default_rng(7).normal(size=found.shape).astype(x.dtype)
    found.backward(seed)
    expected.backward(torch.tensor(seed))
    np.testing.assert_allclose(mine.grad, twin.grad.numpy(), rtol=rtol, atol=atol)
    theirs_by_name = dict(theirs.named_parameters()) if hasattr(theirs, "train") else {}
    for name, parameter in theirs_by_name.items():
        grad = dict(ours.named_parameters())[name].grad
        assert grad.dtype == x.dtype
        np.testing.assert_allclose(
            grad, parameter.grad.numpy(), rtol=rtol, atol=atol, err_msg=name
        )


def load_and_compare(ours, theirs, x, *, rtol=1e-10, atol=1e-10):
    """The same after moving the state of the torch module over."""
    ours.to(x.dtype)
    theirs.to(torch.float32 if x.dtype == np.float32 else torch.float64)
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    ours.zero_grad()
    theirs.zero_grad()
    compare(ours, theirs, x, rtol=rtol, atol=atol)


@pytest.fixture(scope="session")
def agrees_with_torch():
    return compare


@pytest.fixture(scope="session")
def agrees_after_loading():
    return load_and_compare


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def same_torch_numbers_every_time():
    torch.manual_seed(0)
