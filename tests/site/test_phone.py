"""The built site on a phone."""

import pytest

from coursekit.book.serve import served

from .browser import start
from .checking import pages

pytestmark = pytest.mark.browser
_TOO_WIDE = "return document.documentElement.scrollWidth - innerWidth"


def test_no_page_scrolls_sideways_on_a_phone(site, tmp_path):
    browser = start(tmp_path / "profile")
    try:
        browser.set_window_size(390, 844)
        with served(site) as address:
            wide = []
            for path in pages(site):
                name = path.relative_to(site).as_posix()
                browser.get(f"{address}/{name}")
                if browser.execute_script(_TOO_WIDE) > 0:
                    wide.append(name)
            assert wide == []
    finally:
        browser.quit()
