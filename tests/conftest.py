"""What all tests share: the `--audit` option, and the executed and built book."""

import os
import shutil
import sys

import pytest
from hypothesis import settings

from coursekit.doctor import BROWSERS

# The same examples every time; how long one takes depends on what else the machine
# does, not on us.
settings.register_profile("course", deadline=None, derandomize=True)
settings.load_profile("course")


def pytest_addoption(parser):
    parser.addoption(
        "--audit",
        action="store_true",
        help="run what is too dear for every time, and all of what is sampled",
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "audit: too dear for every time; see --audit")
    config.addinivalue_line("markers", "browser: needs Chromium or Chrome")
    config.addinivalue_line("markers", "sandbox: needs bubblewrap (Linux)")


def pytest_collection_modifyitems(config, items):
    skip_audit = pytest.mark.skip(reason="too dear for every time; run `make audit`")
    no_browser = pytest.mark.skip(reason="no Chromium or Chrome on this machine")
    no_sandbox = pytest.mark.skip(reason="no bubblewrap on this machine")
    # In CI what is missing is a failure, not a reason to test less.
    in_ci = os.environ.get("CI") == "true"
    has_browser = any(map(shutil.which, BROWSERS)) or in_ci
    has_sandbox = shutil.which("bwrap") or (in_ci and sys.platform == "linux")
    for item in items:
        if "audit" in item.keywords and not config.getoption("--audit"):
            item.add_marker(skip_audit)
        if "browser" in item.keywords and not has_browser:
            item.add_marker(no_browser)
        if "sandbox" in item.keywords and not has_sandbox:
            item.add_marker(no_sandbox)


@pytest.fixture(scope="session")
def audit(request):
    """Whether everything is wanted, not a sample of it."""
    return request.config.getoption("--audit")


@pytest.fixture(scope="module")
def chrome(tmp_path_factory):
    """A real browser, one for all tests of a module."""
    from .site.browser import start  # Selenium is needed by few

    browser = start(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.quit()
