"""Networks that read a sequence step by step: plain recurrent, LSTM and GRU.

`rnn_step`, `lstm_step` and `gru_step` are the formulas, one step each, on the tape; the
layers call them once for every time. `lstm_sequence` is the same LSTM as one operation
with a gradient through time written by hand: the inputs of all times go through one
matrix product, the loop keeps only what must wait for the step before, and each array
has the units of a gate next to each other. That makes it several times faster, and the
LSTM layer uses it unless told otherwise.

Parameters have PyTorch's names, shapes and order of gates.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import numpy as np

from ml_from_scratch.autograd import Tensor, as_tensor, concatenate, record, stack
from ml_from_scratch.autograd.tape import Array
from ml_from_scratch.nn.init import uniform_
from ml_from_scratch.nn.layers import FLOAT, check_sizes, dropout, linear
from ml_from_scratch.nn.module import Module, Parameter

__all__ = [
    "GRU",
    "LSTM",
    "RNN",
    "gru_step",
    "lstm_sequence",
    "lstm_step",
    "rnn_step",
]

# Of one layer in one direction: weight_ih, weight_hh, and bias_ih, bias_hh if any.
Weights: TypeAlias = "list[Tensor]"


def rnn_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """Return the next state of a plain recurrent layer: tanh of what comes in.

    Parameters
    ----------
    x : Tensor of shape (n, inputs)
        The input at this time.
    h : Tensor of shape (n, units)
        The state before.
    weights : list of Tensor
        Of shapes (units, inputs), (units, units) and, if there are biases, twice
        (units,).

    Returns
    -------
    Tensor of shape (n, units)
        The state after.

    Notes
    -----
    The gradient goes through one factor of tanh' * weight_hh a step: over many steps
    it dies out or explodes.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Elman (1990), "Finding structure in time", Cognitive Science 14.

    Examples
    --------
    >>> one = Tensor([[1.0]])
    >>> rnn_step(one, one, [one * 2.0, one * -2.0])
    Tensor([[0.]])
    """
    from_input, from_state = _sums(x, h, weights)
    return (from_input + from_state).tanh()


def lstm_step(
    x: Tensor, h: Tensor, c: Tensor, weights: Weights
) -> tuple[Tensor, Tensor]:
    """Return the next state and the next memory of a long short-term memory.

    The memory is only scaled by the forget gate and added to, so that its gradient can
    survive many steps.

    Parameters
    ----------
    x : Tensor of shape (n, inputs)
        The input at this time.
    h, c : Tensor of shape (n, units)
        State and memory before.
    weights : list of Tensor
        Of shapes (4 units, inputs), (4 units, units) and, if there are biases, twice
        (4 units,); in each the gates input, forget, candidate and output, in this
        order.

    Returns
    -------
    h, c : Tensor of shape (n, units)
        State and memory after.

    Notes
    -----
    Taught in: deep-learning/recurrence.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9.
    Gers, Schmidhuber and Cummins (2000), "Learning to forget", Neural Computation 12.

    Examples
    --------
    >>> zeros = [Tensor(np.zeros((4, 1))), Tensor(np.zeros((4, 1)))]
    >>> one = Tensor([[1.0]])
    >>> h, c = lstm_step(one, one, one, zeros)  # gates half open, nothing new
    >>> c
    Tensor([[0.5]])
    """
    from_input, from_state = _sums(x, h, weights)
    gates = from_input + from_state
    n = h.shape[-1]
    let_in = gates[:, :n].sigmoid()
    kept = gates[:, n : 2 * n].sigmoid()
    candidate = gates[:, 2 * n : 3 * n].tanh()
    shown = gates[:, 3 * n :].sigmoid()
    c = kept * c + let_in * candidate
    return shown * c.tanh(), c


def gru_step(x: Tensor, h: Tensor, weights: Weights) -> Tensor:
    """Return the next state of a gated recurrent unit: old and new, mixed by a gate.

    Parameters
    ----------
    x : Tensor of shape (n, inputs)
        The input at this time.
    h : Tensor of shape (n, units)
        The state before.
    weights : list of Tensor
        Of shapes (3 units, inputs), (3 units, units) and, if there are biases, twice
        (3 units,); in each the gates reset and update, and the candidate.

    Returns
    -------
    Tensor of shape (n, units)
        The state after.

    Notes
    -----
    As in PyTorch, the reset gate scales what the state contributes to the candidate
    after the matrix product, not the state before it as in the paper.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", EMNLP.

    Examples
    --------
    >>> zeros = [Tensor(np.zeros((3, 1))), Tensor(np.zeros((3, 1)))]
    >>> gru_step(Tensor([[1.0]]), Tensor([[1.0]]), zeros)  # half old, half zero
    Tensor([[0.5]])
    """
    from_input, from_state = _sums(x, h, weights)
    n = h.shape[-1]
    both = from_input[:, : 2 * n] + from_state[:, : 2 * n]
    reset, kept = both[:, :n].sigmoid(), both[:, n:].sigmoid()
    candidate = (from_input[:, 2 * n :] + reset * from_state[:, 2 * n :]).tanh()
    return candidate + kept * (h - candidate)


def _sums(x: Tensor, h: Tensor, weights: Weights) -> tuple[Tensor, Tensor]:
    """Return what the input contributes to each gate, and what the state does."""
    w_input, w_state, *biases = weights
    b_input, b_state = biases or (None, None)
    return linear(x, w_input, b_input), linear(h, w_state, b_state)


def lstm_sequence(
    x: Tensor, h: Tensor, c: Tensor, weights: Weights
) -> tuple[Tensor, Tensor]:
    """Run an LSTM over a whole sequence, as one operation of the tape.

    Parameters
    ----------
    x : Tensor of shape (time, n, inputs)
        The inputs.
    h, c : Tensor of shape (n, units)
        State and memory before the first time.
    weights : list of Tensor
        As for `lstm_step`.

    Returns
    -------
    states : Tensor of shape (time, n, units)
        The state after each time.
    c : Tensor of shape (n, units)
        The memory after the last time.

    Notes
    -----
    O(time * n * units * (inputs + units)) time, and about 10 * time * n * units numbers
    of memory until the backward pass.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Werbos (1990), "Backpropagation through time: what it does and how to do it",
    Proceedings of the IEEE 78.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, h = Tensor(rng.normal(size=(2, 1, 3))), Tensor(np.zeros((1, 4)))
    >>> weights = [Tensor(rng.normal(size=(16, k))) for k in (3, 4)]
    >>> states, _ = lstm_sequence(x, h, h, weights)
    >>> first, c = lstm_step(x[0], h, h, weights)
    >>> second, _ = lstm_step(x[1], first, c, weights)
    >>> bool(np.allclose(states.data[1], second.data))
    True
    """
    run = _LSTMRun(x.data, h.data, c.data, [w.data for w in weights])
    pull = _once(run.backward)
    edges: list[tuple[Tensor, Callable[[Array], Array]]] = [
        (x, lambda g: run.to_inputs(pull(g)[0])),
        (h, lambda g: pull(g)[1]),
        (c, lambda g: pull(g)[2]),
        (weights[0], lambda g: run.to_input_weights(pull(g)[0])),
        (weights[1], lambda g: run.to_state_weights(pull(g)[0])),
        *((bias, lambda g: pull(g)[0].sum(axis=(0, 2))) for bias in weights[2:]),
    ]
    # One operation has one result: the states, and the last memory below them.
    both = record(run.states_and_memory(), *edges)
    return both[:-1], both[-1]


class _LSTMRun:
    """One pass over a sequence, forward and back. Arrays are (time, units, n).

    With the rows of the batch last, the units of a gate are one block of memory.
    """

    def __init__(self, x: Array, h: Array, c: Array, weights: list[Array]) -> None:
        self.x, (self.w_input, self.w_state, *biases) = x, weights
        times, n, _ = x.shape
        units = h.shape[1]
        # sigmoid(a) = tanh(a / 2) / 2 + 1 / 2: one call of tanh serves all gates.
        stretch = np.repeat([0.5, 0.5, 1.0, 0.5], units).astype(x.dtype)[:, None]
        lift = np.repeat([0.5, 0.5, 0.0, 0.5], units).astype(x.dtype)[:, None]
        w_state = stretch * self.w_state
        gates = (stretch * self.w_input) @ x.transpose(0, 2, 1)  # (time, 4 units, n)
        if biases:
            gates += stretch * (biases[0] + biases[1])[:, None]
        self.h = np.empty((times + 1, units, n), x.dtype)
        self.c, self.squashed = np.empty_like(self.h), np.empty_like(self.h[1:])
        self.h[0], self.c[0] = h.T, c.T
        for t in range(times):
            a = gates[t]
            a += w_state @ self.h[t]
            np.tanh(a, out=a)
            a *= stretch
            a += lift
            let_in, kept, candidate, shown = a.reshape(4, units, n)
            np.multiply(kept, self.c[t], out=self.c[t + 1])
            self.c[t + 1] += let_in * candidate
            np.tanh(self.c[t + 1], out=self.squashed[t])
            np.multiply(shown, self.squashed[t], out=self.h[t + 1])
        self.gates = gates.reshape(times, 4, units, n)

    def states_and_memory(self) -> Array:
        """Return the states and, after them, the last memory: (time + 1, n, units)."""
        both = np.concatenate([self.h[1:], self.c[-1:]])
        return np.ascontiguousarray(both.transpose(0, 2, 1))

    def backward(self, g: Array) -> tuple[Array, Array, Array]:
        """Return the gradients of all sums, (time, 4 units, n), of h and of c."""
        g = np.ascontiguousarray(g.transpose(0, 2, 1))
        times, _, units, n = self.gates.shape
        d_sums = np.empty_like(self.gates)
        dh, dc, w_back = np.zeros_like(g[0]), g[-1].copy(), self.w_state.T
        for t in reversed(range(times)):
            let_in, kept, candidate, shown = gates = self.gates[t]
            squashed, d = self.squashed[t], d_sums[t]
            dh += g[t]
            through = dh * shown
            dc += through - through * squashed * squashed
            np.multiply(dc, candidate, out=d[0])
            np.multiply(dc, self.c[t], out=d[1])
            np.multiply(dc, let_in, out=d[2])
            np.multiply(dh, squashed, out=d[3])
            slopes = gates - gates * gates  # of the sigmoids
            np.subtract(1.0, candidate * candidate, out=slopes[2])  # of the tanh
            d *= slopes
            dc *= kept
            dh = w_back @ d.reshape(4 * units, n)
        return d_sums.reshape(times, 4 * units, n), dh.T, dc.T

    def to_inputs(self, d_sums: Array) -> Array:
        """Return the gradient of x, (time, n, inputs)."""
        return d_sums.transpose(0, 2, 1) @ self.w_input

    def to_input_weights(self, d_sums: Array) -> Array:
        """Return the gradient of weight_ih: one product over all times and rows."""
        out: Array = np.tensordot(d_sums, self.x, axes=([0, 2], [0, 1]))
        return out

    def to_state_weights(self, d_sums: Array) -> Array:
        """Return the gradient of weight_hh, from the states before each step."""
        out: Array = np.tensordot(d_sums, self.h[:-1], axes=([0, 2], [0, 2]))
        return out


def _once(function: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """Remember the last answer: every operand of an operation asks for the same."""
    last: list[Any] = [None, None]

    def answer(g: Array) -> Any:
        if last[0] is not g:
            last[:] = g, function(g)
        return last[1]

    return answer


class _Recurrent(Module):
    """Layers and directions, whatever happens at a step."""

    _gates: ClassVar[int]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        rng: np.random.Generator,
    ) -> None:
        check_sizes(
            input_size=input_size, hidden_size=hidden_size, num_layers=num_layers
        )
        if not 0 <= dropout <= 1:
            raise ValueError(f"dropout is {dropout}; expected a share from 0 to 1.")
        self.input_size, self.hidden_size = input_size, hidden_size
        self.num_layers, self.bias, self.batch_first = num_layers, bias, batch_first
        self.dropout, self.bidirectional, self.rng = dropout, bidirectional, rng
        for layer in range(num_layers):
            inputs = input_size if layer == 0 else hidden_size * len(self._directions)
            for end in self._directions:
                self._add_weights(inputs, f"l{layer}{end}")

    @property
    def _directions(self) -> tuple[str, ...]:
        return ("", "_reverse") if self.bidirectional else ("",)

    def _add_weights(self, inputs: int, end: str) -> None:
        rows, bound = self._gates * self.hidden_size, 1 / math.sqrt(self.hidden_size)
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (rows, inputs),
            "weight_hh": (rows, self.hidden_size),
        }
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        for name, shape in shapes.items():
            weight = Parameter(np.empty(shape, FLOAT))
            uniform_(weight, -bound, bound, rng=self.rng)
            setattr(self, f"{name}_{end}", weight)

    def _weights(self, layer: int, end: str) -> Weights:
        names = ["weight_ih", "weight_hh"] + ["bias_ih", "bias_hh"] * self.bias
        return [getattr(self, f"{name}_l{layer}{end}") for name in names]

    def _run(
        self, x: Tensor, states: tuple[Tensor, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Go through all layers; `states` are (layers * directions, n, units) each."""
        x = self._check_input(x)
        if self.batch_first:
            x = x.transpose(1, 0, 2)
        last: list[tuple[Tensor, ...]] = []
        for layer in range(self.num_layers):
            outputs = []
            for end in self._directions:
                weights, first = (
                    self._weights(layer, end),
                    [s[len(last)] for s in states],
                )
                towards = x[::-1] if end else x  # the other direction reads backwards
                out, state = self._scan(towards, first, weights)
                outputs.append(out[::-1] if end else out)
                last.append(state)
            x = concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]
            if self.training and self.dropout and layer < self.num_layers - 1:
                x = dropout(x, self.dropout, rng=self.rng)
        if self.batch_first:
            x = x.transpose(1, 0, 2)
        return x, tuple(stack(each) for each in zip(*last, strict=True))

    def _scan(
        self, x: Tensor, state: list[Tensor], weights: Weights
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return the state after each time, and all of the state after the last."""
        h, outputs = tuple(state), []
        for t in range(len(x)):
            h = self._step(x[t], h, weights)
            outputs.append(h[0])
        return stack(outputs), h

    def _step(
        self, x: Tensor, state: tuple[Tensor, ...], weights: Weights
    ) -> tuple[Tensor, ...]:
        raise NotImplementedError

    def _check_input(self, x: Tensor) -> Tensor:
        weights = self._weights(0, "")
        x = as_tensor(x, weights[0])
        if x.ndim != 3 or 0 in x.shape or x.shape[2] != self.input_size:
            axes = "(n, time" if self.batch_first else "(time, n"
            raise ValueError(
                f"{type(self).__name__} needs inputs of shape {axes}, "
                f"{self.input_size}), none of them empty, found {x.shape}."
            )
        return x

    def _first_state(self, x: Tensor, hx: Tensor | None) -> Tensor:
        n = x.shape[0 if self.batch_first else 1] if x.ndim == 3 else 0
        shape = (self.num_layers * len(self._directions), n, self.hidden_size)
        if hx is None:
            return Tensor(np.zeros(shape, x.dtype))
        if hx.shape != shape:
            raise ValueError(
                f"{type(self).__name__} needs a first state of shape {shape}, found "
                f"{hx.shape}."
            )
        return hx

    def extra_repr(self) -> str:
        """Return the sizes.

        Returns
        -------
        str
            For printing.
        """
        more = "" if self.num_layers == 1 else f", num_layers={self.num_layers}"
        return f"{self.input_size}, {self.hidden_size}{more}"


class RNN(_Recurrent):
    """Plain recurrent layers: each time's state is tanh of the input and the last one.

    Parameters
    ----------
    input_size, hidden_size : int
        Lengths of an input and of a state.
    num_layers : int
        How many layers; each reads the states of the one below.
    bias : bool
        Whether anything is added before the tanh.
    batch_first : bool
        Whether inputs and outputs are (n, time, ...) instead of (time, n, ...).
    dropout : float
        The share of states that go between layers, in training.
    bidirectional : bool
        Whether a second half of each layer reads from the end.
    rng : numpy.random.Generator
        Draws the parameters, evenly up to 1 / sqrt(hidden_size), and the dropout.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Of layer 0; with the end ``_reverse`` of the other direction.

    Notes
    -----
    See `rnn_step`. New parameters are float32.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Elman (1990), "Finding structure in time", Cognitive Science 14.

    Examples
    --------
    >>> layer = RNN(3, 4, rng=np.random.default_rng(0))
    >>> output, h = layer(Tensor(np.zeros((5, 2, 3), np.float32)))
    >>> output.shape, h.shape
    ((5, 2, 4), (1, 2, 4))
    """

    _gates = 1

    def forward(self, x: Tensor, hx: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Read sequences from a first state.

        Parameters
        ----------
        x : Tensor of shape (time, n, input_size)
            Or (n, time, input_size), as the layer was made.
        hx : Tensor of shape (layers * directions, n, hidden_size), optional
            The first state; zero if left out.

        Returns
        -------
        output : Tensor of shape (time, n, directions * hidden_size)
            The last layer's state after each time.
        h : Tensor of shape (layers * directions, n, hidden_size)
            The state after the last time.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        output, (h,) = self._run(x, (self._first_state(x, hx),))
        return output, h

    def _step(
        self, x: Tensor, state: tuple[Tensor, ...], weights: Weights
    ) -> tuple[Tensor, ...]:
        return (rnn_step(x, state[0], weights),)


class GRU(RNN):
    """Gated recurrent layers, which choose at each time how much of the state to keep.

    Parameters
    ----------
    input_size, hidden_size : int
        Lengths of an input and of a state.
    num_layers : int
        How many layers; each reads the states of the one below.
    bias : bool
        Whether anything is added before the gates.
    batch_first : bool
        Whether inputs and outputs are (n, time, ...) instead of (time, n, ...).
    dropout : float
        The share of states that go between layers, in training.
    bidirectional : bool
        Whether a second half of each layer reads from the end.
    rng : numpy.random.Generator
        Draws the parameters, evenly up to 1 / sqrt(hidden_size), and the dropout.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Of layer 0, the gates reset, update and candidate below one another.

    Notes
    -----
    See `gru_step`. New parameters are float32.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder for
    statistical machine translation", EMNLP.

    Examples
    --------
    >>> layer = GRU(3, 4, num_layers=2, rng=np.random.default_rng(0))
    >>> output, h = layer(Tensor(np.zeros((5, 2, 3), np.float32)))
    >>> output.shape, h.shape
    ((5, 2, 4), (2, 2, 4))
    """

    _gates = 3

    def _step(
        self, x: Tensor, state: tuple[Tensor, ...], weights: Weights
    ) -> tuple[Tensor, ...]:
        return (gru_step(x, state[0], weights),)


class LSTM(_Recurrent):
    """Layers with a memory that is added to rather than overwritten.

    Parameters
    ----------
    input_size, hidden_size : int
        Lengths of an input and of a state.
    num_layers : int
        How many layers; each reads the states of the one below.
    bias : bool
        Whether anything is added before the gates.
    batch_first : bool
        Whether inputs and outputs are (n, time, ...) instead of (time, n, ...).
    dropout : float
        The share of states that go between layers, in training.
    bidirectional : bool
        Whether a second half of each layer reads from the end.
    fused : bool
        Whether a layer is one operation, `lstm_sequence`, or twenty for each time,
        `lstm_step`: the same numbers, to the last digits.
    rng : numpy.random.Generator
        Draws the parameters, evenly up to 1 / sqrt(hidden_size), and the dropout.

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0 : Parameter
        Of layer 0, the gates input, forget, candidate, output below one another.

    Notes
    -----
    See `lstm_sequence` for the cost. New parameters are float32.

    Taught in: deep-learning/recurrence.

    References
    ----------
    Hochreiter and Schmidhuber (1997), "Long short-term memory", Neural Computation 9.

    Examples
    --------
    >>> layer = LSTM(3, 4, batch_first=True, rng=np.random.default_rng(0))
    >>> output, (h, c) = layer(Tensor(np.zeros((2, 5, 3), np.float32)))
    >>> output.shape, h.shape, c.shape
    ((2, 5, 4), (1, 2, 4), (1, 2, 4))
    """

    _gates = 4

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        fused: bool = True,
        rng: np.random.Generator,
    ) -> None:
        super().__init__(
            input_size,
            hidden_size,
            num_layers,
            bias,
            batch_first,
            dropout,
            bidirectional,
            rng=rng,
        )
        self.fused = fused

    def forward(
        self, x: Tensor, hx: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Read sequences from a first state and memory.

        Parameters
        ----------
        x : Tensor of shape (time, n, input_size)
            Or (n, time, input_size), as the layer was made.
        hx : pair of Tensor of shape (layers * directions, n, hidden_size), optional
            The first state and memory; zero if left out.

        Returns
        -------
        output : Tensor of shape (time, n, directions * hidden_size)
            The last layer's state after each time.
        (h, c) : pair of Tensor of shape (layers * directions, n, hidden_size)
            State and memory after the last time.

        Raises
        ------
        ValueError
            If a shape does not fit.
        """
        first = (None, None) if hx is None else hx
        output, (h, c) = self._run(x, tuple(self._first_state(x, s) for s in first))
        return output, (h, c)

    def _scan(
        self, x: Tensor, state: list[Tensor], weights: Weights
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        if not self.fused:
            return super()._scan(x, state, weights)
        states, c = lstm_sequence(x, state[0], state[1], weights)
        return states, (states[-1], c)

    def _step(
        self, x: Tensor, state: tuple[Tensor, ...], weights: Weights
    ) -> tuple[Tensor, ...]:
        return lstm_step(x, state[0], state[1], weights)
