CREATE TABLE client (
  id TEXT PRIMARY KEY,
  body BLOB NOT NULL,               -- JSON of schemas.clients.Client
  secret_hash BLOB
) STRICT, WITHOUT ROWID;

-- Client assertions (RFC 7523) that were used, until they would have expired; seconds.
CREATE TABLE used_assertion (
  client TEXT NOT NULL,
  jti TEXT NOT NULL,
  forget_at INTEGER NOT NULL,
  PRIMARY KEY (client, jti)
) STRICT, WITHOUT ROWID;
CREATE INDEX used_assertion_forget_at ON used_assertion (forget_at);

-- Access tokens (RFC 9068) that were taken back, until they would have expired; seconds.
CREATE TABLE revoked_token (
  jti TEXT PRIMARY KEY,
  expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX revoked_token_expires ON revoked_token (expires);

CREATE TABLE signing_key (
  created INTEGER PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT;
