-- Subscribers to facts. `place` is the seq of the last fact that was put into the outbox for it.
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  url TEXT NOT NULL,
  kinds BLOB NOT NULL,              -- JSON array of kinds of facts
  organisation TEXT,
  created INTEGER NOT NULL,
  active INTEGER NOT NULL DEFAULT 1,
  place INTEGER NOT NULL,
  secrets BLOB NOT NULL             -- sealed with the root secret
) STRICT, WITHOUT ROWID;
CREATE INDEX webhook_place ON webhook (active, place);

-- What we think and what a receiver says it holds, compared.
CREATE TABLE reconciliation (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  receiver TEXT NOT NULL,
  started INTEGER NOT NULL,
  finished INTEGER NOT NULL,
  compared INTEGER NOT NULL,
  differences INTEGER NOT NULL,
  repaired INTEGER NOT NULL,
  error TEXT                        -- why it could not be finished
) STRICT;
CREATE INDEX reconciliation_receiver ON reconciliation (receiver, id);

CREATE TABLE difference (
  reconciliation INTEGER NOT NULL REFERENCES reconciliation (id),
  ordinal INTEGER NOT NULL,
  claim TEXT NOT NULL,
  kind TEXT NOT NULL,
  ours TEXT,
  theirs TEXT,
  repair TEXT NOT NULL,
  PRIMARY KEY (reconciliation, ordinal)
) STRICT, WITHOUT ROWID;

-- What a receiver recognises, as it said last.
CREATE TABLE recognised_unit (
  receiver TEXT NOT NULL REFERENCES receiver (name),
  code TEXT NOT NULL,
  seen INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (receiver, code)
) STRICT, WITHOUT ROWID;
