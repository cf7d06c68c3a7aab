"""Losses against torch, at ordinary and at huge logits, with every option."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import hinge_loss

from ml_from_scratch import nn
from ml_from_scratch.autograd import Tensor, cross_entropy, gradcheck

F = torch.nn.functional
SEEDS = st.integers(0, 9999)
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


# Of numbers -----------------------------------------------------------------------

REGRESSION = {
    "mse": (nn.MSELoss, torch.nn.MSELoss, {}),
    "l1": (nn.L1Loss, torch.nn.L1Loss, {}),
    "smooth": (nn.SmoothL1Loss, torch.nn.SmoothL1Loss, {"beta": 0.7}),
    "huber": (nn.HuberLoss, torch.nn.HuberLoss, {"delta": 1.7}),
}


@pytest.mark.parametrize("name", REGRESSION)
@given(SEEDS, REDUCTIONS)
@settings(max_examples=15)
def test_losses_of_numbers(agrees_with_torch, name, seed, reduction):
    ours, theirs, options = REGRESSION[name]
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, 4, 3)) * 2
    x[0], y[1] = y[0], x[1] + 1e6  # no difference, and a huge one
    ours, theirs = ours(reduction, **options), theirs(reduction=reduction, **options)
    agrees_with_torch(lambda t: ours(t, y), lambda t: theirs(t, torch.tensor(y)), x)
    # The target may be a tensor that is trained.
    agrees_with_torch(
        lambda t: ours(Tensor(x), t), lambda t: theirs(torch.tensor(x), t), y
    )


@pytest.mark.parametrize("name", REGRESSION)
def test_losses_of_numbers_in_float32(agrees_with_torch, name, rng):
    ours, theirs, options = REGRESSION[name]
    x, y = rng.normal(size=(2, 40, 3)).astype(np.float32)
    ours, theirs = ours(**options), theirs(**options)
    agrees_with_torch(
        lambda t: ours(t, y),
        lambda t: theirs(t, torch.tensor(y)),
        x,
        rtol=1e-4,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "loss", [nn.mse_loss, nn.l1_loss, nn.smooth_l1_loss, nn.huber_loss]
)
def test_shapes_that_would_broadcast_are_refused(loss):
    with pytest.raises(ValueError, match=r"\(3, 1\) and targets of shape \(3,\)"):
        loss(Tensor(np.zeros((3, 1))), np.zeros(3))


# Of classes -----------------------------------------------------------------------


@given(
    SEEDS,
    REDUCTIONS,
    st.sampled_from([(), (2,), (2, 3)]),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1.0]),
    st.booleans(),
)
@settings(max_examples=50)
def test_cross_entropy_with_every_option(
    agrees_with_torch, seed, reduction, places, weighted, smoothing, gaps
):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(4, 3, *places)) * 10
    targets = rng.integers(0, 3, (4, *places))
    if gaps:
        targets[0] = -100
    weight = rng.uniform(0.1, 3, 3) if weighted else None
    ours = nn.CrossEntropyLoss(weight, reduction=reduction, label_smoothing=smoothing)
    theirs = torch.nn.CrossEntropyLoss(
        None if weight is None else torch.tensor(weight),
        reduction=reduction,
        label_smoothing=smoothing,
    )
    agrees_with_torch(
        lambda t: ours(t, targets), lambda t: theirs(t, torch.tensor(targets)), logits
    )


@given(
    SEEDS, REDUCTIONS, st.sampled_from([(), (2,)]), st.booleans(), st.floats(0.0, 0.5)
)
@settings(max_examples=30)
def test_cross_entropy_with_distributions(
    agrees_with_torch, seed, reduction, places, weighted, smoothing
):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(4, 3, *places))
    targets = rng.dirichlet(np.ones(3), (4, *places))
    targets = np.moveaxis(targets, -1, 1)
    weight = rng.uniform(0.1, 3, 3) if weighted else None
    ours = nn.CrossEntropyLoss(weight, reduction=reduction, label_smoothing=smoothing)
    theirs = torch.nn.CrossEntropyLoss(
        None if weight is None else torch.tensor(weight),
        reduction=reduction,
        label_smoothing=smoothing,
    )
    agrees_with_torch(
        lambda t: ours(t, targets), lambda t: theirs(t, torch.tensor(targets)), logits
    )


def test_the_usual_case_is_the_fused_operation_and_both_agree(agrees_with_torch, rng):
    logits, targets = rng.normal(size=(6, 4)) * 50, rng.integers(0, 4, 6)
    both = [cross_entropy, nn.categorical_cross_entropy, nn.CrossEntropyLoss()]
    found = []
    for loss in both:
        x = Tensor(logits, requires_grad=True)
        out = loss(x, targets)
        out.backward()
        found.append(np.append(x.grad, out.item()))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(found[2], found[0], rtol=1e-13, atol=1e-14)


def test_cross_entropy_agrees_with_differences(rng):
    weight, targets = [0.5, 2.0, 1.0], np.array([[0, 2], [1, -100]])
    gradcheck(
        lambda t: nn.categorical_cross_entropy(t, targets, weight, label_smoothing=0.2),
        [rng.normal(size=(2, 3, 2))],
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_huge_logits_and_excluded_classes_are_exact(dtype):
    logits = Tensor(np.array([[1e4, -1e4, 0], [0, -np.inf, 0]], dtype), True)
    out = nn.categorical_cross_entropy(logits, [1, 0], reduction="none")
    assert out.dtype == dtype
    np.testing.assert_allclose(out.data, [2e4, np.log(2)], rtol=1e-6)
    out.sum().backward()
    np.testing.assert_allclose(logits.grad, [[1, -1, 0], [-0.5, 0, 0.5]], atol=1e-6)


@pytest.mark.parametrize(
    ("targets", "options", "error", "words"),
    [
        ([0, 3], {}, ValueError, "0 to 2 or be -100, found 0 to 3"),
        ([0, -1], {}, ValueError, "found -1 to 0"),
        ([0], {}, ValueError, r"targets must be \(2,\), found shape \(1,\)"),
        (["a", "b"], {}, TypeError, "classes or probabilities, found <U1"),
        ([0.5, 0.5], {}, ValueError, r"the logits are \(2, 3\), the targets \(2,\)"),
        ([[0, 0.5, np.nan]] * 2, {}, ValueError, "finite, 0 or more"),
        ([-100, -100], {}, ValueError, "no target counts: all 2 are ignored"),
        ([0, 0], {"weight": [0, 1, 1]}, ValueError, "no target counts"),
        ([0, 1], {"weight": [1, 1]}, ValueError, "weight must hold 3 numbers"),
        ([0, 1], {"weight": [1, -1, 1]}, ValueError, "weight must hold 3 numbers"),
        ([0, 1], {"label_smoothing": 1.5}, ValueError, "label_smoothing is 1.5"),
        ([0, 1], {"reduction": "max"}, ValueError, "reduction is 'max'; expected"),
    ],
)
def test_cross_entropy_refuses_in_a_sentence(targets, options, error, words):
    with pytest.raises(error, match=words):
        nn.categorical_cross_entropy(Tensor(np.zeros((2, 3))), targets, **options)


def test_cross_entropy_refuses_logits_without_classes():
    with pytest.raises(ValueError, match=r"logits must be \(n, k, ...\), found"):
        nn.categorical_cross_entropy(Tensor(np.zeros(2)), [0, 1])


@given(SEEDS, REDUCTIONS, st.sampled_from([None, 2.5, [0.5, 1.0, 3.0]]))
@settings(max_examples=30)
def test_binary_cross_entropy(agrees_with_torch, seed, reduction, pos_weight):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=(4, 3)) * 5, rng.random((4, 3)).round(1)
    z[0] = [-800.0, 0.0, 800.0]
    ours = nn.BCEWithLogitsLoss(reduction, pos_weight)
    up = None if pos_weight is None else torch.tensor(pos_weight).double()
    theirs = torch.nn.BCEWithLogitsLoss(reduction=reduction, pos_weight=up)
    agrees_with_torch(lambda t: ours(t, y), lambda t: theirs(t, torch.tensor(y)), z)


def test_small_probabilities_keep_their_digits():
    z = Tensor([-700.0, 700.0], requires_grad=True)
    out = nn.binary_cross_entropy_with_logits(z, [0.0, 1.0], "none")
    np.testing.assert_allclose(out.data, np.exp([-700, -700]))
    out.sum().backward()
    np.testing.assert_allclose(z.grad, np.exp([-700, -700]) * [1, -1])


@given(SEEDS, st.floats(0, 1), st.floats(0, 4), REDUCTIONS)
@settings(max_examples=30)
def test_focal_loss_is_its_formula_in_torch(
    agrees_with_torch, seed, alpha, gamma, reduction
):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(size=20) * 3, rng.integers(0, 2, 20)

    def theirs(t):
        truth = torch.tensor(y).double()
        p = torch.sigmoid(t)
        right = p * truth + (1 - p) * (1 - truth)
        scale = alpha * truth + (1 - alpha) * (1 - truth)
        plain = F.binary_cross_entropy_with_logits(t, truth, reduction="none")
        out = scale * (1 - right) ** gamma * plain
        return out if reduction == "none" else getattr(out, reduction)()

    agrees_with_torch(lambda t: nn.focal_loss(t, y, alpha, gamma, reduction), theirs, z)


def test_focal_loss_agrees_with_differences_and_is_finite_far_out(rng):
    y = rng.integers(0, 2, 6)
    gradcheck(lambda t: nn.focal_loss(t, y, reduction="none"), [rng.normal(size=6)])
    far = Tensor([-1e4, 1e4, -1e4, 1e4], requires_grad=True)
    nn.focal_loss(far, [0, 0, 1, 1], reduction="sum").backward()
    np.testing.assert_allclose(far.grad, [0, 0.75, -0.25, 0])


def test_the_margin_loss_is_scikit_learns_hinge(rng):
    scores, y = rng.normal(size=50), rng.choice([-1, 1], 50)
    expected = hinge_loss(y, scores)
    assert nn.margin_loss(Tensor(scores), y).item() == pytest.approx(
        expected, abs=1e-12
    )
    gradcheck(lambda t: nn.margin_loss(t, y, 0.7), [scores])


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda z: nn.binary_cross_entropy_with_logits(z, [0, 2]), "lie in 0 to 1"),
        (
            lambda z: nn.binary_cross_entropy_with_logits(z, [0, np.nan]),
            "lie in 0 to 1",
        ),
        (
            lambda z: nn.binary_cross_entropy_with_logits(z, [[0, 1]]),
            r"targets \(1, 2\)",
        ),
        (
            lambda z: nn.binary_cross_entropy_with_logits(
                z, [0, 1], pos_weight=[1] * 3
            ),
            "shape mismatch|pos_weight is",
        ),
        (lambda z: nn.focal_loss(z, [0, 0.5]), "targets 0 and 1 only"),
        (lambda z: nn.focal_loss(z, [0, 1], gamma=-1), "gamma is -1"),
        (lambda z: nn.margin_loss(z, [0, 1]), "targets must be -1 or 1"),
        (lambda z: nn.margin_loss(z, [1]), r"scores are \(2,\), the targets \(1,\)"),
        (lambda z: nn.smooth_l1_loss(z, [0, 0], beta=0), "beta is 0"),
        (lambda z: nn.huber_loss(z, [0, 0], delta=-1), "delta is -1"),
        (lambda z: nn.contrastive_loss(z, z), r"two of shape \(n, d\), found \(2,\)"),
        (lambda z: nn.contrastive_loss(z, z, 0.0), "temperature is 0.0"),
    ],
)
def test_other_losses_refuse_in_a_sentence(ask, words):
    with pytest.raises(ValueError, match=words):
        ask(Tensor([0.5, -0.5]))


# Of pairs and triples -------------------------------------------------------------


@given(SEEDS, REDUCTIONS, st.floats(0, 2))
@settings(max_examples=20)
def test_margin_ranking(agrees_with_torch, seed, reduction, margin):
    rng = np.random.default_rng(seed)
    a, b, y = rng.normal(size=9), rng.normal(size=9), rng.choice([-1, 1], 9)
    ours = nn.MarginRankingLoss(margin, reduction)
    theirs = torch.nn.MarginRankingLoss(margin, reduction=reduction)
    agrees_with_torch(
        lambda t: ours(t, Tensor(b), y),
        lambda t: theirs(t, torch.tensor(b), torch.tensor(y)),
        a,
    )


@given(SEEDS, REDUCTIONS)
@settings(max_examples=20)
def test_triplets(agrees_with_torch, seed, reduction):
    a, p, n = np.random.default_rng(seed).normal(size=(3, 6, 4))
    p[0] = a[0]  # a distance of zero
    ours = nn.TripletMarginLoss(reduction=reduction)
    theirs = torch.nn.TripletMarginLoss(reduction=reduction)
    for order in [(0, 1, 2), (1, 0, 2), (2, 1, 0)]:
        x, y, z = np.array([a, p, n])[list(order)]
        places = np.argsort(order)

        def pick(first, others, wrap, places=places):
            three = [first, *map(wrap, others)]
            return [three[i] for i in places]

        agrees_with_torch(
            lambda t, y=y, z=z: ours(*pick(t, (y, z), Tensor)),
            lambda t, y=y, z=z: theirs(*pick(t, (y, z), torch.tensor)),
            x,
        )


@given(SEEDS, st.floats(0.05, 2.0))
@settings(max_examples=20)
def test_contrastive_loss_is_its_formula_in_torch(agrees_with_torch, seed, temperature):
    a, b = np.random.default_rng(seed).normal(size=(2, 5, 3))

    def theirs(t):
        cosines = F.normalize(t) @ F.normalize(torch.tensor(b)).T / temperature
        truth = torch.arange(5)
        return (F.cross_entropy(cosines, truth) + F.cross_entropy(cosines.T, truth)) / 2

    agrees_with_torch(
        lambda t: nn.contrastive_loss(t, Tensor(b), temperature), theirs, a
    )


def test_contrastive_loss_is_finite_for_a_row_of_zeros_and_forgets_length(rng):
    a, b = rng.normal(size=(2, 4, 3))
    loss = nn.contrastive_loss(Tensor(a), Tensor(b)).item()
    scaled = nn.contrastive_loss(Tensor(a * [[1], [1e6], [1e-6], [5]]), Tensor(b))
    assert scaled.item() == pytest.approx(loss, abs=1e-12)
    a[0] = 0.0
    x = Tensor(a, requires_grad=True)
    nn.contrastive_loss(x, Tensor(b)).backward()
    assert np.isfinite(x.grad).all()
