-- Secrets that only the root secret opens, by name.
CREATE TABLE sealed_value (
  name TEXT PRIMARY KEY,
  sealed BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- The keys we sign in with at receivers, private halves sealed. A key is published before it
-- signs, and for a while after the next one took over.
CREATE TABLE client_key (
  kid TEXT PRIMARY KEY,
  sealed BLOB NOT NULL,
  signs_from INTEGER NOT NULL,
  published_until INTEGER           -- NULL: until another takes over
) STRICT, WITHOUT ROWID;
