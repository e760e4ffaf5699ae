-- Facts: for what auditors were engaged.
CREATE TABLE engagement (
  id TEXT PRIMARY KEY,
  auditor TEXT NOT NULL,
  created INTEGER NOT NULL,         -- microseconds since the epoch
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX engagement_created ON engagement (created, id);
CREATE INDEX engagement_auditor ON engagement (auditor, created, id);

-- The claims that a sample is drawn from.
CREATE INDEX fact_claimed ON fact (at, subject) WHERE kind = 'claimed';
