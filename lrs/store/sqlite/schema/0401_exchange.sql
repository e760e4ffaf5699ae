-- Claims: one that was withdrawn may be followed by another of the same achievement.
CREATE TABLE claim_next (
  id TEXT PRIMARY KEY,
  achievement TEXT NOT NULL REFERENCES achievement (id),
  receiver TEXT NOT NULL REFERENCES receiver (name),
  state TEXT NOT NULL,
  changed INTEGER NOT NULL,
  payload BLOB NOT NULL,
  receipt BLOB,                     -- the receiver's verified decision
  withdrawal BLOB,                  -- the receiver's verified answer to a withdrawal
  reason TEXT,
  discarded INTEGER NOT NULL DEFAULT 0  -- a person decided that it is not put there any more
) STRICT;
INSERT INTO claim_next (id, achievement, receiver, state, changed, payload, receipt, reason)
  SELECT id, achievement, receiver, state, changed, payload, receipt, reason FROM claim;

-- What has to leave this machine, to a receiver or (webhook:ID) a subscriber. A row goes when the
-- other side has answered for good. What was leased is due again when the lease ends; `lease`
-- counts the leases, so that a worker that lost its own can settle nothing.
CREATE TABLE outbox_next (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT NOT NULL,
  kind TEXT NOT NULL,               -- submit, withdraw (a claim), lookup (a persona), notify (a fact)
  subject TEXT NOT NULL,
  line TEXT NOT NULL,               -- deliveries of one line go in order
  body BLOB,
  queued INTEGER NOT NULL,
  due INTEGER NOT NULL,
  lease INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  error TEXT,
  parked INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO outbox_next (destination, kind, subject, line, queued, due, attempts, error, parked)
  SELECT o.receiver, 'submit', o.claim, a.persona || '|' || a.unit, o.due, o.due, o.attempts,
    o.error, o.parked
  FROM outbox o JOIN claim c ON c.id = o.claim JOIN achievement a ON a.id = c.achievement
  ORDER BY o.id;
DROP TABLE outbox;
ALTER TABLE outbox_next RENAME TO outbox;
CREATE INDEX outbox_due ON outbox (destination, parked, due);
CREATE INDEX outbox_line ON outbox (destination, line, id);
CREATE INDEX outbox_subject ON outbox (destination, subject, id);
CREATE INDEX outbox_parked ON outbox (parked, id);

DROP TABLE claim;
ALTER TABLE claim_next RENAME TO claim;
CREATE UNIQUE INDEX claim_open ON claim (achievement, receiver) WHERE state <> 'withdrawn';
CREATE INDEX claim_achievement ON claim (achievement, receiver);
CREATE INDEX claim_changed ON claim (changed, id);
CREATE INDEX claim_receiver ON claim (receiver, id);

-- How fast each destination is sent to: its circuit breaker and its rate, shared by all workers.
CREATE TABLE destination (
  name TEXT PRIMARY KEY,
  failures INTEGER NOT NULL DEFAULT 0,    -- in a row
  closed_off INTEGER NOT NULL DEFAULT 0,  -- nothing is sent before this instant
  next_slot INTEGER NOT NULL DEFAULT 0,   -- when the rate allows the next one
  interval INTEGER NOT NULL DEFAULT 0     -- microseconds between two, 0 for no limit
) STRICT, WITHOUT ROWID;
INSERT INTO destination (name) SELECT name FROM receiver;

-- Learners as a receiver that looks them up knows them.
CREATE TABLE learner_account (
  receiver TEXT NOT NULL REFERENCES receiver (name),
  persona TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (receiver, persona)
) STRICT, WITHOUT ROWID;

-- Identity documents, sealed with the root secret.
CREATE TABLE identity_document (
  persona TEXT PRIMARY KEY,
  changed INTEGER NOT NULL,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;
