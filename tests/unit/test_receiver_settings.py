"""What a receiver is told as the learner's identifier, and what settings may be."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.receivers import LearnerSettings, ReceiverSettings, learner_identifier

IDENTIFIERS = (
    "account:https://hr.example|e-17",
    "account:https://lms.example|7",
    "mbox:mailto:a@b.cn",
)


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((), IDENTIFIERS[0]),
        (("mbox",), IDENTIFIERS[2]),
        (("account:https://lms.example",), IDENTIFIERS[1]),
        (("openid", "account"), IDENTIFIERS[0]),
        (("mbox:", "account"), IDENTIFIERS[2]),
        (("openid",), IDENTIFIERS[0]),
    ],
)
def test_the_settings_choose_the_identifier(wanted, told):
    assert learner_identifier(LearnerSettings(identifiers=wanted), IDENTIFIERS) == told


@given(st.lists(st.text(max_size=5)), st.lists(st.text(min_size=1), min_size=1))
def test_it_is_always_one_of_the_learners_own(wanted, identifiers):
    settings = LearnerSettings(identifiers=tuple(wanted))
    assert learner_identifier(settings, tuple(identifiers)) in identifiers


def test_settings_are_read_back_as_they_were_kept():
    settings = ReceiverSettings(
        per_second=5, learner=LearnerSettings(identifiers=("mbox",)), secret="env:BANK_SECRET"
    )
    assert msgspec.convert(msgspec.to_builtins(settings), ReceiverSettings) == settings
    assert msgspec.convert({}, ReceiverSettings) == ReceiverSettings()
