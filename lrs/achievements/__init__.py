"""Achievements: the rules of units, and whether a persona's events meet them."""
