-- From which day on the validity of a shared achievement is counted: its last renewal's.
ALTER TABLE shared ADD COLUMN valid_from TEXT NOT NULL DEFAULT '';
UPDATE shared SET valid_from = achieved;

-- Renewals rest on statements, too.
CREATE TRIGGER renewal_statement_in AFTER UPDATE OF body ON achievement BEGIN
  INSERT INTO evidence_statement
    SELECT upper(replace(e.key, '-', '')), NEW.id
    FROM json_each(CAST(NEW.body AS TEXT), '$.renewals') r,
      json_each(r.value, '$.evidence') e WHERE true ON CONFLICT DO NOTHING;
END;
