"""Methods that an estimator has only where the one that it holds has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class Delegated:
    """A method that is there only where a held estimator has one of that name.

    Parameters
    ----------
    method : callable
        The method.
    held : callable
        Takes the object and returns the estimator that it holds.

    Notes
    -----
    ``hasattr`` is how scorers find out what a model can do, so that a pipeline around a
    regressor must not seem to have ``predict_proba``.

    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> class Holder:
    ...     inner = 3
    ...     @delegated(lambda self: self.inner)
    ...     def predict(self):
    ...         return self.inner.predict()
    >>> hasattr(Holder(), "predict")
    False
    """

    def __init__(self, method: Callable[..., Any], held: Callable[[Any], Any]) -> None:
        self.method = method
        self.held = held
        self.__doc__ = method.__doc__

    def __get__(self, instance: Any, owner: type) -> Any:
        """Return the method, bound, if the held estimator has one of that name."""
        if instance is None:
            return self.method
        getattr(self.held(instance), self.method.__name__)  # AttributeError if not
        return self.method.__get__(instance, owner)


def delegated(held: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], Delegated]:
    """Mark a method as there only where a held estimator has it.

    Parameters
    ----------
    held : callable
        Takes the object and returns the estimator that it holds.

    Returns
    -------
    callable
        A decorator.

    Notes
    -----
    Taught in: classical/encoding-and-pipelines.

    Examples
    --------
    >>> class Holder:
    ...     @delegated(lambda self: "abc")
    ...     def upper(self):
    ...         return "ABC"
    >>> Holder().upper()
    'ABC'
    """
    return lambda method: Delegated(method, held)
