"""How a balance divides among its sources."""

from hypothesis import given
from hypothesis import strategies as st

from piutempo.kernel.money import cumulative_shares, next_parts

WEIGHTS = [4_000, 4_200, 1_800]
ROWS = cumulative_shares(WEIGHTS)
STEPS = st.lists(st.tuples(st.integers(1, 400), st.booleans()), max_size=60)


@given(STEPS)
def test_parts_sum_never_go_negative_and_never_exceed_a_source(steps: list[tuple[int, bool]]) -> None:
    whole = [4_000, 4_200, 1_800]
    taken, done = [0, 0, 0], []
    for cents, is_reversal in steps:
        if is_reversal and done:
            back = done.pop(len(done) // 2)
            taken = [t - b for t, b in zip(taken, back, strict=True)]
            continue
        left = [w - t for w, t in zip(whole, taken, strict=True)]
        if cents > sum(left):
            continue
        parts = next_parts(ROWS, taken, left, cents)
        assert sum(parts) == cents
        assert all(0 <= p <= has for p, has in zip(parts, left, strict=True))
        taken = [t + p for t, p in zip(taken, parts, strict=True)]
        done.append(parts)
    left = [w - t for w, t in zip(whole, taken, strict=True)]
    assert next_parts(ROWS, taken, left, sum(left)) == tuple(left)


@given(st.lists(st.integers(1, 300), max_size=30))
def test_small_amounts_without_reversals_never_drift(amounts: list[int]) -> None:
    taken = [0, 0, 0]
    for cents in amounts:
        left = [w * 10 - t for w, t in zip(WEIGHTS, taken, strict=True)]
        taken = [t + p for t, p in zip(taken, next_parts(ROWS, taken, left, cents), strict=True)]
    total = sum(taken)
    assert all(abs(t - total * w / 10_000) < 1.5 for t, w in zip(taken, WEIGHTS, strict=True))
