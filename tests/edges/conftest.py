import gc

import pytest


@pytest.fixture(autouse=True)
def _gc():
    yield
    gc.collect()
