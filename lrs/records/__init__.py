"""Learner records: from statements to events, from events to records."""
