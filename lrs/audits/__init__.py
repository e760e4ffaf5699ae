"""Audits by auditors: for a purpose, within a scope, until a date."""
