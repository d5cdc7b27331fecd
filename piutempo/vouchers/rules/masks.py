"""Titles as bits: bit *i* - 1 of a mask is title *i*."""

from collections.abc import Iterable, Iterator


def mask_of(indexes: Iterable[int]) -> int:
    """Return the mask with the bits of these titles (from 1)."""
    mask = 0
    for index in indexes:
        mask |= 1 << (index - 1)
    return mask


def full_mask(title_count: int) -> int:
    """Return the mask of all the titles of a voucher."""
    return (1 << title_count) - 1


def range_mask(first: int, last: int) -> int:
    """Return the mask of titles ``first`` to ``last``, both included."""
    return full_mask(last) & ~full_mask(first - 1)


def titles_in(mask: int) -> list[int]:
    """Return the titles of a mask, in order."""
    return [i + 1 for i in range(mask.bit_length()) if mask >> i & 1]


def runs_in(mask: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges (first, last) of consecutive titles in a mask."""
    first = last = 0
    for index in titles_in(mask):
        if first and index == last + 1:
            last = index
            continue
        if first:
            yield first, last
        first = last = index
    if first:
        yield first, last
