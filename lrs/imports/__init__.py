"""Files taken in row by row: opening, taking in, quarantine."""
