-- Policies, and the run that applies each. `place` is how far the run is, '' at its beginning.
CREATE TABLE retention (
  class TEXT PRIMARY KEY,
  days INTEGER,                     -- NULL: kept for good
  place TEXT NOT NULL DEFAULT '',
  begun INTEGER,
  ended INTEGER,
  removed INTEGER NOT NULL DEFAULT 0,
  kept INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

-- Contents of attachments that the run has come across, and whether a statement that stays has it.
CREATE TABLE retention_attachment (
  sha2 TEXT PRIMARY KEY,
  stays INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Statements that achievements rest on or rested on (hexadecimal ids): the ledger holds what was.
CREATE TABLE evidence_statement (
  statement TEXT NOT NULL,
  achievement TEXT NOT NULL,
  PRIMARY KEY (statement, achievement)
) STRICT, WITHOUT ROWID;
CREATE INDEX evidence_statement_achievement ON evidence_statement (achievement);
INSERT INTO evidence_statement
  SELECT upper(replace(e.key, '-', '')), a.id
  FROM achievement a, json_each(CAST(a.body AS TEXT), '$.evidence') e;

CREATE TRIGGER evidence_statement_in AFTER INSERT ON achievement BEGIN
  INSERT INTO evidence_statement
    SELECT upper(replace(e.key, '-', '')), NEW.id
    FROM json_each(CAST(NEW.body AS TEXT), '$.evidence') e WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER evidence_statement_changed AFTER UPDATE OF body ON achievement BEGIN
  INSERT INTO evidence_statement
    SELECT upper(replace(e.key, '-', '')), NEW.id
    FROM json_each(CAST(NEW.body AS TEXT), '$.evidence') e WHERE true ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER evidence_statement_out AFTER UPDATE OF id ON achievement WHEN OLD.id <> NEW.id BEGIN
  DELETE FROM evidence_statement WHERE achievement = OLD.id;
END;

CREATE INDEX document_updated ON document (updated);

-- Dictionaries that may hold fragments of what was erased: nothing is compressed with them any more,
-- and what is is compressed anew. One that nothing is compressed with is emptied.
ALTER TABLE dictionary ADD COLUMN retired INTEGER;   -- since when, microseconds
ALTER TABLE dictionary ADD COLUMN repacked INTEGER NOT NULL DEFAULT 0;  -- up to which statement
