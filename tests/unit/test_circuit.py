"""The circuit breaker and the rate of a destination."""

from hypothesis import given
from hypothesis import strategies as st

from lrs.store.circuit import (
    FIRST_PAUSE,
    LONGEST_HOLD,
    LONGEST_PAUSE,
    TOLERATED,
    Circuit,
    after_answer,
    after_failure,
    after_lease,
    slots,
)

NOW = 1_000_000_000


def failed(times, now=NOW, circuit=None):
    circuit = circuit or Circuit()
    for _ in range(times):
        circuit = after_failure(circuit, now, None)
    return circuit


def test_a_few_failures_stop_nothing():
    assert slots(failed(TOLERATED - 1), NOW, 8) == 8


def test_many_failures_in_a_row_open_the_circuit_and_one_tries_it():
    circuit = failed(TOLERATED)
    assert slots(circuit, NOW, 8) == 0
    later = NOW + FIRST_PAUSE
    assert slots(circuit, later, 8) == 1
    trying = after_lease(circuit, later, 10_000_000)
    assert slots(trying, later, 8) == 0, "one alone"
    assert slots(after_answer(trying), later, 8) == 8
    assert slots(after_failure(trying, later, None), later + FIRST_PAUSE, 8) == 0, "longer now"


def test_a_destination_that_says_when_is_left_alone_until_then():
    circuit = after_failure(Circuit(), NOW, 60)
    assert slots(circuit, NOW + 59_999_999, 8) == 0
    assert slots(circuit, NOW + 60_000_000, 8) == 8
    assert after_failure(Circuit(), NOW, 10**9).closed_off == NOW + LONGEST_HOLD


def test_a_rate_lets_one_through_at_a_time():
    circuit = Circuit(interval=500_000)
    assert slots(circuit, NOW, 8) == 1
    after = after_lease(circuit, NOW, 10)
    assert slots(after, NOW + 499_999, 8) == 0
    assert slots(after, NOW + 500_000, 8) == 1


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e12))
def test_no_pause_is_longer_than_it_may_be(failures, retry_after):
    circuit = after_failure(Circuit(failures=failures), NOW, retry_after)
    assert NOW <= circuit.closed_off <= NOW + max(LONGEST_PAUSE, LONGEST_HOLD)
    assert slots(circuit, circuit.closed_off, 8) >= 1
