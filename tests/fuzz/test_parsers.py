"""A quick run of `make fuzz`, and every case it ever found."""

import random

import pytest

from tests.fuzz.__main__ import CORPUS
from tests.fuzz.mutation import mutated
from tests.fuzz.targets import TARGETS, seeds

SLOW = {"xlsx": 25, "zip": 80, "course": 120}


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_made_at_random_is_read_or_refused(name):
    chance = random.Random(1)
    for octets in seeds(name):
        TARGETS[name](octets)
        for _ in range(SLOW.get(name, 200)):
            TARGETS[name](mutated(chance, octets))


@pytest.mark.parametrize("case", sorted(CORPUS.glob("*-*")), ids=lambda path: path.name)
def test_a_case_that_was_found_is_read_or_refused(case):
    TARGETS[case.name.partition("-")[0]](case.read_bytes())
