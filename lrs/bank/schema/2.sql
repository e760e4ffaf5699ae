-- Withdrawals. Of a claim that was never put there is a row here and none in `claim`: it is taken
-- no more.
ALTER TABLE claim ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
DROP INDEX claim_credited;
CREATE UNIQUE INDEX claim_credited ON claim (learner, unit) WHERE accepted = 1 AND withdrawn = 0;
CREATE TABLE withdrawal (
    client_id TEXT NOT NULL,
    outer_id TEXT NOT NULL,
    claim_hash TEXT NOT NULL,
    bank_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    receipt TEXT NOT NULL,
    received INTEGER NOT NULL,
    PRIMARY KEY (client_id, outer_id)
) STRICT, WITHOUT ROWID;

-- The bank's ledger: every decision in order, each row bound to the one before by its hash.
CREATE TABLE ledger (
    seq INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    decision TEXT NOT NULL,
    client_id TEXT NOT NULL,
    outer_id TEXT NOT NULL,
    bank_id TEXT NOT NULL,
    claim_hash TEXT NOT NULL,
    hash TEXT NOT NULL              -- SHA-256 of the hash before and of this row
) STRICT;
CREATE INDEX ledger_outer_id ON ledger (client_id, outer_id);
