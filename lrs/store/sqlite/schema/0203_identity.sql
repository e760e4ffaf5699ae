-- Facts: which persona held an identifier from when on (the time of events, microseconds), as it
-- was first met or was handed over (`base`), and into whom that one is merged now (`persona`).
CREATE TABLE holding (
  identifier TEXT NOT NULL,
  since INTEGER NOT NULL,
  base TEXT NOT NULL REFERENCES persona (id),
  persona TEXT NOT NULL REFERENCES persona (id),
  PRIMARY KEY (identifier, since)
) STRICT, WITHOUT ROWID;
INSERT INTO holding SELECT identifier, -4611686018427387904, persona, persona FROM identifier;
DROP TABLE identifier;
CREATE INDEX holding_persona ON holding (persona, identifier);
CREATE INDEX holding_base ON holding (base);

ALTER TABLE persona ADD COLUMN merged_into TEXT REFERENCES persona (id);
CREATE INDEX persona_name ON persona (name, id) WHERE merged_into IS NULL;
CREATE INDEX persona_merged ON persona (merged_into) WHERE merged_into IS NOT NULL;

-- Facts: merges, un-merges and transfers, proposed by one principal and decided by another.
CREATE TABLE identity_link (
  id TEXT PRIMARY KEY,
  state TEXT NOT NULL,
  persona TEXT NOT NULL,
  other TEXT,
  proposed INTEGER NOT NULL,        -- microseconds since the epoch
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX identity_link_proposed ON identity_link (proposed, id);
CREATE INDEX identity_link_state ON identity_link (state, proposed, id);
CREATE INDEX identity_link_persona ON identity_link (persona);
CREATE INDEX identity_link_other ON identity_link (other) WHERE other IS NOT NULL;
