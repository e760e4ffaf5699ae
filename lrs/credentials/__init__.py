"""Credentials and transcripts: verified achievements in the learner's hands."""
