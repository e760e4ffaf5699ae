-- Facts: who brought a statement here in an import, or corrected the row that it is of.
CREATE TABLE recorded (
  statement BLOB NOT NULL,
  principal TEXT NOT NULL,
  PRIMARY KEY (statement, principal)
) STRICT, WITHOUT ROWID;
WITH RECURSIVE part (at) AS (SELECT 0 UNION ALL SELECT at + 16 FROM part WHERE at < 16000)
INSERT OR IGNORE INTO recorded
  SELECT substr(r.statements, 1 + at, 16), i.principal
  FROM import_row r JOIN import i ON i.id = r.import JOIN part ON length(r.statements) > at;
WITH RECURSIVE part (at) AS (SELECT 0 UNION ALL SELECT at + 16 FROM part WHERE at < 16000)
INSERT OR IGNORE INTO recorded
  SELECT substr(r.statements, 1 + at, 16),
    json_extract(CAST(r.body AS TEXT), '$.correction.by')
  FROM import_row r JOIN part ON length(r.statements) > at
  WHERE r.body NOT NULL AND json_extract(CAST(r.body AS TEXT), '$.correction.by') NOT NULL;
