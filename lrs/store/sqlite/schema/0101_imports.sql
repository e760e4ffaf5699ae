-- Facts: files taken in. `held` while the service keeps the file to work it off.
CREATE TABLE import (
  id TEXT PRIMARY KEY,
  created INTEGER NOT NULL,         -- microseconds since the epoch, as all instants
  principal TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  state TEXT NOT NULL,
  through INTEGER NOT NULL,
  held INTEGER NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX import_created ON import (created, id);
CREATE INDEX import_principal ON import (principal, created, id);
CREATE INDEX import_sha256 ON import (sha256);
CREATE INDEX import_open ON import (created) WHERE held = 1 AND state IN ('waiting', 'running');

-- What became of each row. `statements` are ids of 16 bytes each; `body` holds cells, faults and
-- the correction of a row that was not taken as it was.
CREATE TABLE import_row (
  import TEXT NOT NULL REFERENCES import (id),
  number INTEGER NOT NULL,
  state TEXT NOT NULL,
  statements BLOB NOT NULL,
  body BLOB,
  PRIMARY KEY (import, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX import_row_state ON import_row (state, import, number);

CREATE TABLE device (
  id TEXT PRIMARY KEY,
  registered INTEGER NOT NULL,
  revoked INTEGER,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_registered ON device (registered, id);

CREATE TABLE device_batch (
  device TEXT NOT NULL REFERENCES device (id),
  number INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  import TEXT NOT NULL REFERENCES import (id),
  received INTEGER NOT NULL,
  PRIMARY KEY (device, number)
) STRICT, WITHOUT ROWID;

-- A change gives an entry a new seq, so that whoever follows sees its last state.
CREATE TABLE roster_entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  roster TEXT NOT NULL,
  noun TEXT NOT NULL,
  id TEXT NOT NULL,
  import TEXT NOT NULL,
  ended INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (roster, noun, id)
) STRICT;
