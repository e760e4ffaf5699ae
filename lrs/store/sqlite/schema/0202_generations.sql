-- Projections: events and records are made again from statements in generations. One serves; a
-- rebuild makes the next beside it, and takes its place at once.
CREATE TABLE generation (
  id INTEGER PRIMARY KEY,
  state TEXT NOT NULL,              -- serving, building, retired
  seq INTEGER NOT NULL,             -- of the last statement that is in
  epoch INTEGER NOT NULL            -- grows with every change of identities and courses
) STRICT;
CREATE UNIQUE INDEX generation_state ON generation (state) WHERE state != 'retired';
INSERT INTO generation (id, state, seq, epoch) VALUES (1, 'serving', 0, 0);

DROP TABLE projection;
DROP TABLE event;
DROP TABLE record;
DROP TABLE unrecognised;

CREATE TABLE event (
  generation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  ordinal INTEGER NOT NULL,
  persona TEXT NOT NULL,
  activity TEXT NOT NULL,
  registration TEXT NOT NULL,       -- '' where there is none
  at INTEGER NOT NULL,              -- microseconds since the epoch
  voided INTEGER,                   -- seq of the statement that voids
  left_out INTEGER NOT NULL DEFAULT 0,
  body BLOB NOT NULL,
  PRIMARY KEY (generation, seq, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_record ON event (generation, persona, activity, registration, at);

CREATE TABLE record (
  generation INTEGER NOT NULL,
  persona TEXT NOT NULL,
  activity TEXT NOT NULL,
  registration TEXT NOT NULL,
  state BLOB NOT NULL,
  PRIMARY KEY (generation, persona, activity, registration)
) STRICT, WITHOUT ROWID;
CREATE INDEX record_activity ON record (generation, activity, persona);

-- To which courses, and to which publisher's ids, a record belongs.
CREATE TABLE belonging (
  generation INTEGER NOT NULL,
  persona TEXT NOT NULL,
  whole TEXT NOT NULL,
  activity TEXT NOT NULL,
  registration TEXT NOT NULL,
  course INTEGER NOT NULL,          -- 1 where events name it as their course
  PRIMARY KEY (generation, persona, whole, activity, registration)
) STRICT, WITHOUT ROWID;
CREATE INDEX belonging_whole ON belonging (generation, whole, persona, registration);

-- What we say with "satisfied" of a course and its blocks.
CREATE TABLE satisfied (
  generation INTEGER NOT NULL,
  persona TEXT NOT NULL,
  registration TEXT NOT NULL,
  course TEXT NOT NULL,
  activity TEXT NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (generation, persona, registration, course, activity)
) STRICT, WITHOUT ROWID;

CREATE INDEX satisfied_course ON satisfied (generation, course, persona, registration);

CREATE TABLE unrecognised (
  generation INTEGER NOT NULL,
  verb TEXT NOT NULL,
  adapter TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (generation, verb, adapter)
) STRICT, WITHOUT ROWID;

-- What has to be worked out anew: the events of a persona whose identifiers changed hands, what
-- learners have satisfied of a course whose structure changed. `place` is how far it is.
CREATE TABLE rework (
  generation INTEGER NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  place BLOB NOT NULL,
  PRIMARY KEY (generation, kind, subject)
) STRICT, WITHOUT ROWID;

-- Which persona is due for which unit once the generation serves.
CREATE TABLE due_in_generation (
  generation INTEGER NOT NULL,
  persona TEXT NOT NULL,
  unit TEXT NOT NULL,
  PRIMARY KEY (generation, persona, unit)
) STRICT, WITHOUT ROWID;
