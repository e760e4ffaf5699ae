-- What became of achievements, claims, personas and units, written with the change it tells of.
-- Whoever acts on it (the ledger, webhooks, an enterprise's sync) reads on from its own place.
CREATE TABLE fact (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,              -- microseconds since the epoch
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX fact_subject ON fact (subject, seq);

-- Privileged acts: who, when, what, why.
CREATE TABLE audit_event (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  principal TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  persona TEXT,                     -- whose personal data it touched
  reason TEXT NOT NULL,
  detail BLOB NOT NULL
) STRICT;
CREATE INDEX audit_event_persona ON audit_event (persona, seq) WHERE persona IS NOT NULL;
CREATE INDEX audit_event_principal ON audit_event (principal, seq);
