"""The world of the voucher tests."""

from collections.abc import Iterator

import pytest

from piutempo.vouchers.selectors import facts
from tests.vouchers.factories import World, build_world


@pytest.fixture(autouse=True)
def _fresh_catalogue() -> Iterator[None]:
    facts.forget_catalogues()
    yield
    facts.forget_catalogues()


@pytest.fixture
def world(db: None) -> World:
    """One programme, a desk, a site and a shop."""
    return build_world()
