-- People and what they sign in with.
CREATE TABLE person (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  subject TEXT UNIQUE,              -- ISSUER|SUB at the outside identity provider
  body BLOB NOT NULL,               -- JSON of schemas.people.Person
  password TEXT,                    -- argon2id
  totp BLOB,                        -- sealed with the root secret
  totp_step INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Keyed hashes of what is used once.
CREATE TABLE recovery_code (
  person TEXT NOT NULL REFERENCES person (id),
  hash BLOB NOT NULL,
  PRIMARY KEY (person, hash)
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_in_link (
  hash BLOB PRIMARY KEY,
  person TEXT NOT NULL REFERENCES person (id),
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_link_person ON sign_in_link (person);

CREATE TABLE sign_in_attempt (
  name TEXT PRIMARY KEY,
  failures INTEGER NOT NULL,
  last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_in_attempt_last ON sign_in_attempt (last);

CREATE TABLE session (
  hash BLOB PRIMARY KEY,
  principal TEXT NOT NULL,
  created INTEGER NOT NULL,
  used INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_principal ON session (principal, created);
CREATE INDEX session_used ON session (used);
