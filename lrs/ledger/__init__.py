"""The ledger: an append-only Merkle log of what became of achievements, claims, personas, units."""
