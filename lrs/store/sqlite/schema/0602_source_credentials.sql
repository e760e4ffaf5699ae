-- What a source may post, and its secrets: several where one is being replaced by another.
ALTER TABLE source ADD COLUMN activities TEXT NOT NULL DEFAULT '[]';   -- IRI prefixes; none: any
ALTER TABLE source ADD COLUMN home_pages TEXT NOT NULL DEFAULT '[]';   -- of actors; none: any
ALTER TABLE source ADD COLUMN sets_authority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE source ADD COLUMN organisation TEXT;
ALTER TABLE source ADD COLUMN expires INTEGER;
ALTER TABLE source ADD COLUMN compromised INTEGER;  -- since when the key may be in other hands

CREATE TABLE source_secret (
  source INTEGER NOT NULL REFERENCES source (id),
  hash BLOB NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  used INTEGER,                     -- noted once in a while
  PRIMARY KEY (source, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO source_secret (source, hash, created)
  SELECT id, secret_hash, created FROM source WHERE secret_hash IS NOT NULL;
ALTER TABLE source DROP COLUMN secret_hash;
