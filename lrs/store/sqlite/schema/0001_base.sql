-- Facts. A statement's seq grows in the order of commits, its stored time with it.
CREATE TABLE statement (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  stored INTEGER NOT NULL,          -- microseconds since the epoch
  source INTEGER NOT NULL REFERENCES source (id),
  voided INTEGER NOT NULL DEFAULT 0,
  timed INTEGER NOT NULL,           -- 1: the client sent a timestamp, 0: it is `stored`
  dictionary INTEGER NOT NULL REFERENCES dictionary (id),
  body BLOB NOT NULL                -- compressed JSON, without `stored`
) STRICT;

-- What bodies are compressed with; each is kept as long as the file.
CREATE TABLE dictionary (
  id INTEGER PRIMARY KEY,
  created INTEGER NOT NULL,
  content BLOB NOT NULL
) STRICT;

-- Under which search keys a statement is found; a term is a keyed 64-bit hash of such a key.
CREATE TABLE posting (
  term INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (term, seq)
) STRICT, WITHOUT ROWID;

-- Which statement refers to which: voiding, and finding by the target's keys, in either order.
CREATE TABLE reference (
  target BLOB NOT NULL,
  seq INTEGER NOT NULL,
  voids INTEGER NOT NULL,
  PRIMARY KEY (target, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_seq ON reference (seq);

CREATE TABLE source (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  secret_hash BLOB,                 -- NULL: no one can sign in as this source (an import)
  name TEXT NOT NULL,
  provenance TEXT NOT NULL,
  scopes TEXT NOT NULL,
  created INTEGER NOT NULL,
  revoked INTEGER
) STRICT;

CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Projections: all of this is made again from statements.
CREATE TABLE projection (
  name TEXT PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE persona (
  id TEXT PRIMARY KEY,
  name TEXT,
  named_at INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE identifier (
  identifier TEXT PRIMARY KEY,
  persona TEXT NOT NULL REFERENCES persona (id)
) STRICT, WITHOUT ROWID;
CREATE INDEX identifier_persona ON identifier (persona);

CREATE TABLE event (
  seq INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  persona TEXT NOT NULL,
  activity TEXT NOT NULL,
  registration TEXT NOT NULL,       -- '' where there is none
  course TEXT,
  body BLOB NOT NULL,
  PRIMARY KEY (seq, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_record ON event (persona, activity, registration);
CREATE INDEX event_activity ON event (activity, persona);
CREATE INDEX event_course ON event (course, persona);

CREATE TABLE record (
  persona TEXT NOT NULL,
  activity TEXT NOT NULL,
  registration TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (persona, activity, registration)
) STRICT, WITHOUT ROWID;

CREATE TABLE unrecognised (
  verb TEXT NOT NULL,
  adapter TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (verb, adapter)
) STRICT, WITHOUT ROWID;

-- Which persona has to be looked at again for which unit, from the instant `marked` on. A mark
-- set while a decision is being made is a later one and outlives it.
CREATE TABLE due_evaluation (
  persona TEXT NOT NULL,
  unit TEXT NOT NULL,
  marked INTEGER NOT NULL,
  PRIMARY KEY (persona, unit)
) STRICT, WITHOUT ROWID;
CREATE INDEX due_evaluation_marked ON due_evaluation (marked);

CREATE TABLE unit (
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  published INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (code, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE achievement (
  id TEXT PRIMARY KEY,
  persona TEXT NOT NULL,
  unit TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  changed INTEGER NOT NULL,
  body BLOB NOT NULL,
  UNIQUE (persona, unit, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX achievement_unit ON achievement (unit, persona);
CREATE INDEX achievement_changed ON achievement (changed, id);

CREATE TABLE receiver (
  name TEXT PRIMARY KEY,
  adapter TEXT NOT NULL,
  url TEXT NOT NULL,
  client_id TEXT NOT NULL,
  settings BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
  id TEXT PRIMARY KEY,
  achievement TEXT NOT NULL REFERENCES achievement (id),
  receiver TEXT NOT NULL REFERENCES receiver (name),
  state TEXT NOT NULL,
  changed INTEGER NOT NULL,
  payload BLOB NOT NULL,
  receipt BLOB,
  reason TEXT,
  UNIQUE (achievement, receiver)
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_changed ON claim (changed, id);

-- What has to leave this machine. A row goes when the receiver has answered for good.
CREATE TABLE outbox (
  id INTEGER PRIMARY KEY,
  claim TEXT NOT NULL UNIQUE REFERENCES claim (id),
  receiver TEXT NOT NULL,
  due INTEGER NOT NULL,
  leased_until INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  parked INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX outbox_due ON outbox (parked, due);

-- Facts: documents of the xAPI resources state, activity profile and agent profile. What does
-- not go with the kind, and a registration that was not given, is ''.
CREATE TABLE document (
  kind TEXT NOT NULL,
  activity TEXT NOT NULL,
  agent TEXT NOT NULL,
  registration TEXT NOT NULL,
  id TEXT NOT NULL,
  updated INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (kind, activity, agent, registration, id)
) STRICT;

-- Facts: what verifying the signature of a signed statement came to.
CREATE TABLE signature (
  seq INTEGER PRIMARY KEY REFERENCES statement (seq),
  result TEXT NOT NULL
) STRICT;

-- An activity's definition as statements have told it so far.
CREATE TABLE activity (
  id TEXT PRIMARY KEY,
  definition BLOB NOT NULL
) STRICT, WITHOUT ROWID;
