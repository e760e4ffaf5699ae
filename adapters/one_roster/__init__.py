"""OneRoster 1.1 and 1.2 in CSV files (1EdTech, CSV binding): people, courses, who takes which."""

from adapters.one_roster.entries import Lookup, Options, RowWrong
from adapters.one_roster.roster import RosterFile, RosterRow, open_roster, read_entry

__all__ = [
    "Lookup",
    "Options",
    "RosterFile",
    "RosterRow",
    "RowWrong",
    "open_roster",
    "read_entry",
]
