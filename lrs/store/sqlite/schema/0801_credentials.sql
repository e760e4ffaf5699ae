-- By which random UUID credentials name a persona.
CREATE TABLE credential_subject (
  persona TEXT PRIMARY KEY,
  subject TEXT NOT NULL UNIQUE
) STRICT, WITHOUT ROWID;

-- Places of status lists that were given out; those of credentials stay for good.
CREATE TABLE status_place (
  list INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (list, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
  id TEXT PRIMARY KEY,
  achievement TEXT NOT NULL,
  persona TEXT NOT NULL,
  language TEXT NOT NULL,
  evidence_hash TEXT NOT NULL,
  list INTEGER NOT NULL,
  place INTEGER NOT NULL,
  issued_at INTEGER NOT NULL,       -- microseconds since the epoch
  token TEXT NOT NULL,
  document BLOB NOT NULL,
  UNIQUE (achievement, language, evidence_hash),
  UNIQUE (list, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX credential_persona ON credential (persona, issued_at);
