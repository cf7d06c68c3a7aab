import pytest

from coursekit.book.layout import here


@pytest.fixture(scope="session")
def site():
    """The built book's folder; `coursekit test` builds it before the tests."""
    folder = here().html
    if not (folder / "index.html").is_file():
        pytest.fail("the book is not built: run `coursekit run` and `coursekit build`")
    return folder
