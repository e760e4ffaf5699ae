"""Which of one person's employments and consents counts."""

from datetime import date, timedelta

from schemas.organisations import Consent, Employment, consent_of, employment_of

DAY = date(2026, 3, 1)


def test_of_several_the_live_employment_and_the_last_word_count():
    def employed(**rest):
        return Employment(organisation="a", persona="p", **rest)

    ended = employed(since=DAY - timedelta(days=9), until=DAY)
    live, late = employed(since=DAY - timedelta(days=99)), employed(since=DAY + timedelta(days=1))
    assert employment_of([ended, live, late], DAY) == live
    assert employment_of([ended, late], DAY) == late
    assert employment_of([], DAY) is None

    def said(**rest):
        return Consent(organisation="a", persona="p", level="records", by="t", **rest)

    first, withdrawn, again = said(given=1), said(given=2, withdrawn=5), said(given=6)
    assert consent_of([first, withdrawn]) == withdrawn
    assert consent_of([again, withdrawn]) == again
    assert consent_of([]) is None
