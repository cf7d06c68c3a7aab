import pytest

from .figure_bridge import Figures


@pytest.fixture(scope="module")
def figures():
    """The figures' own functions, in one Node process for a module of tests."""
    bridge = Figures()
    yield bridge
    bridge.close()
