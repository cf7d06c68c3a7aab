"""What several tests of the delay desk share."""

from __future__ import annotations

import pandas as pd
import pytest

from delay_desk import prepare


@pytest.fixture(scope="session")
def tables() -> prepare.Tables:
    """The real tables; a copy of this project without them skips what needs them."""
    try:
        return prepare.load()
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def flights(tables: prepare.Tables) -> pd.DataFrame:
    """Every labelled flight of 2013."""
    return prepare.labelled(tables)
