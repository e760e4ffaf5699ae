import itertools

from hypothesis import given
from hypothesis import strategies as st

from lrs.console.charts import HEIGHT, WIDTH, band, bar_chart, ceiling

COUNTS = st.lists(st.integers(0, 10**9), max_size=80)


@given(st.integers(0, 10**12))
def test_a_scale_ends_at_a_round_number_not_far_above_the_highest_bar(value):
    top = ceiling(value)
    assert top >= max(value, 2)
    assert top % 2 == 0
    assert top <= max(2, 2 * value)
    assert str(top).rstrip("0") in {"1", "2", "4", "6", "8"}


@given(COUNTS)
def test_bars_stay_in_the_drawing_and_stand_in_order(counts):
    chart = bar_chart([(str(number), count) for number, count in enumerate(counts)])
    assert [bar.value for bar in chart.bars] == counts
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= WIDTH
        assert 0 <= bar.y <= bar.y + bar.height <= HEIGHT
    for left, right in itertools.pairwise(chart.bars):
        assert left.x + left.width <= right.x + 0.01
        assert (left.height <= right.height + 0.01) or left.value > right.value


@given(st.lists(st.tuples(st.text(max_size=3), st.integers(0, 10**9)), max_size=8))
def test_the_parts_of_a_band_fill_it_in_proportion(counts):
    parts = band(counts)
    assert [(part.key, part.count) for part in parts] == [one for one in counts if one[1]]
    if parts:
        assert abs(sum(part.width for part in parts) - 100) < 0.1
        total = sum(part.count for part in parts)
        assert all(abs(part.width - 100 * part.count / total) < 0.01 for part in parts)
