-- What the bank holds. Rows are never changed: a receipt once given is given again word for word.
CREATE TABLE claim (
    seq INTEGER PRIMARY KEY,
    client_id TEXT NOT NULL,
    outer_id TEXT NOT NULL,
    claim_hash TEXT NOT NULL,
    learner TEXT NOT NULL,          -- the identifier, by which a person is credited once a unit
    unit TEXT NOT NULL,
    accepted INTEGER NOT NULL,
    bank_id TEXT NOT NULL,
    payload BLOB NOT NULL,          -- the claim as JSON
    reason TEXT,
    receipt TEXT NOT NULL,
    received INTEGER NOT NULL       -- seconds since the epoch
) STRICT;
CREATE UNIQUE INDEX claim_outer_id ON claim (client_id, outer_id);
CREATE UNIQUE INDEX claim_credited ON claim (learner, unit) WHERE accepted = 1;

-- Client assertions that were used; a second use is a replay (RFC 7523 3, 7).
CREATE TABLE assertion (
    client_id TEXT NOT NULL,
    jti TEXT NOT NULL,
    expires INTEGER NOT NULL,
    PRIMARY KEY (client_id, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX assertion_expires ON assertion (expires);
