-- Since when an achievement waits for an officer; NULL where none is awaited.
ALTER TABLE achievement ADD COLUMN waiting INTEGER;
UPDATE achievement SET waiting = changed WHERE state = 'candidate';
CREATE INDEX achievement_waiting ON achievement (waiting, id) WHERE waiting IS NOT NULL;
CREATE INDEX achievement_waiting_unit ON achievement (unit, waiting, id) WHERE waiting IS NOT NULL;
CREATE INDEX achievement_standing ON achievement (unit, state, persona);

-- Of which sources the evidence of an achievement is. What was achieved before this table was there
-- is looked at again, which fills it.
CREATE TABLE achievement_source (
  achievement TEXT NOT NULL REFERENCES achievement (id),
  source INTEGER NOT NULL,
  PRIMARY KEY (source, achievement)
) STRICT, WITHOUT ROWID;
CREATE INDEX achievement_source_achievement ON achievement_source (achievement);
INSERT INTO due_evaluation (persona, unit, marked)
  SELECT persona, unit, max(changed) FROM achievement GROUP BY persona, unit
  ON CONFLICT DO NOTHING;

-- Facts: what officers decided.
CREATE TABLE officer_decision (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  achievement TEXT NOT NULL REFERENCES achievement (id),
  at INTEGER NOT NULL,              -- microseconds since the epoch
  principal TEXT NOT NULL,
  verdict TEXT NOT NULL,
  reason TEXT NOT NULL,
  evidence_hash TEXT NOT NULL       -- of the evidence that it was decided on
) STRICT;
CREATE INDEX officer_decision_achievement ON officer_decision (achievement, seq);

-- Units that are not published yet: they may change.
CREATE TABLE unit_draft (
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (code, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE equivalence (
  code TEXT NOT NULL,
  version INTEGER NOT NULL,
  published INTEGER NOT NULL,
  body BLOB NOT NULL,
  PRIMARY KEY (code, version)
) STRICT, WITHOUT ROWID;
