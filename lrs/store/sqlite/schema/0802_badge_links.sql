-- Our accounts at hosts of Open Badges, sealed.
CREATE TABLE badge_host (
  host TEXT PRIMARY KEY,
  account BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE badge_link (
  id TEXT PRIMARY KEY,
  persona TEXT NOT NULL,
  host TEXT NOT NULL,
  language TEXT NOT NULL,
  state TEXT NOT NULL,
  asked_by TEXT NOT NULL,
  asked_at INTEGER NOT NULL,        -- microseconds since the epoch
  reason TEXT,
  state_hash BLOB UNIQUE,           -- NULL once the learner came back
  secret BLOB                       -- sealed: a verifier, then tokens
) STRICT, WITHOUT ROWID;
CREATE INDEX badge_link_persona ON badge_link (persona, asked_at);

-- The fact up to which what was verified is queued for hosts.
CREATE TABLE badge_place (
  place INTEGER NOT NULL
) STRICT;
INSERT INTO badge_place SELECT coalesce(max(seq), 0) FROM fact;
