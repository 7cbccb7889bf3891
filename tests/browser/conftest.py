"""A tab of a browser, for the tests of one module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .chromium import Page, find, running


@pytest.fixture(scope="module")
def tab() -> Iterator[Page]:
    path = find()
    assert path
    with running(path) as browser:
        yield browser.page()
