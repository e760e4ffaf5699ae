CREATE TABLE organisation (
  id TEXT PRIMARY KEY,
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE employee (
  organisation TEXT NOT NULL REFERENCES organisation (id),
  persona TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (organisation, persona)
) STRICT, WITHOUT ROWID;
CREATE INDEX employee_persona ON employee (persona);

-- The consent that counts; what was before it is in the audit events.
CREATE TABLE consent (
  organisation TEXT NOT NULL REFERENCES organisation (id),
  persona TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (organisation, persona)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_persona ON consent (persona);

-- Whom an organisation sees now: a live employment and a live consent.
CREATE TABLE visible (
  persona TEXT NOT NULL,
  organisation TEXT NOT NULL,
  level TEXT NOT NULL,
  employee TEXT NOT NULL,
  department TEXT NOT NULL,
  PRIMARY KEY (persona, organisation)
) STRICT, WITHOUT ROWID;

-- On which day (ISO 8601) that may change by itself.
CREATE TABLE visible_due (
  organisation TEXT NOT NULL,
  persona TEXT NOT NULL,
  day TEXT NOT NULL,
  PRIMARY KEY (organisation, persona)
) STRICT, WITHOUT ROWID;
CREATE INDEX visible_due_day ON visible_due (day);

-- What each organisation sees, and what it saw and sees no more. A change gives a row another seq,
-- the latest of all, so that whoever reads on from a seq sees each row's last state once.
CREATE TABLE shared (
  organisation TEXT NOT NULL,
  achievement TEXT NOT NULL,
  seq INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  gone INTEGER NOT NULL,
  persona TEXT NOT NULL,
  unit TEXT NOT NULL,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  achieved TEXT NOT NULL,           -- day, ISO 8601
  employee TEXT NOT NULL,
  department TEXT NOT NULL,
  score REAL,
  PRIMARY KEY (organisation, achievement)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX shared_following ON shared (organisation, seq);
CREATE INDEX shared_persona ON shared (organisation, persona);
CREATE INDEX shared_unit ON shared (organisation, unit, seq) WHERE gone = 0;
CREATE INDEX shared_department ON shared (organisation, department, seq) WHERE gone = 0;

CREATE TABLE shared_seq (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  last INTEGER NOT NULL
) STRICT;
INSERT INTO shared_seq VALUES (1, 0);

-- Sums of what is in `shared` and not gone.
CREATE TABLE shared_sum (
  organisation TEXT NOT NULL,
  unit TEXT NOT NULL,
  department TEXT NOT NULL,
  month TEXT NOT NULL,
  state TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (organisation, unit, department, month, state)
) STRICT, WITHOUT ROWID;
