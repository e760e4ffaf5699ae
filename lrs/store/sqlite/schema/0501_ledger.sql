-- The ledger: leaves in the order of facts, the tree over them as tiles, and what was signed.
CREATE TABLE ledger_leaf (
  leaf INTEGER PRIMARY KEY,         -- its index in the tree, from 0
  fact INTEGER NOT NULL UNIQUE,
  entry BLOB NOT NULL
) STRICT;

-- What opens a leaf's commitment; goes where the person is erased.
CREATE TABLE ledger_opening (
  leaf INTEGER PRIMARY KEY,
  persona TEXT,
  secret BLOB NOT NULL,
  document BLOB NOT NULL
) STRICT;
CREATE INDEX ledger_opening_persona ON ledger_opening (persona) WHERE persona IS NOT NULL;

CREATE TABLE ledger_tile (
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (level, number)
) STRICT;

CREATE TABLE ledger_checkpoint (
  size INTEGER PRIMARY KEY,
  root BLOB NOT NULL,
  at INTEGER NOT NULL,
  note TEXT NOT NULL,
  cosignatures TEXT NOT NULL DEFAULT '',
  timestamp BLOB
) STRICT;

CREATE TABLE ledger_key (
  key TEXT PRIMARY KEY,
  since INTEGER NOT NULL,
  until INTEGER,
  sealed BLOB,                      -- NULL: destroyed
  introduction TEXT
) STRICT, WITHOUT ROWID;
