-- Facts: to which organisations rosters say that a person belongs.
CREATE TABLE employment (
  organisation TEXT NOT NULL,
  name TEXT NOT NULL,               -- the person's
  base TEXT NOT NULL,               -- the persona whom the roster knows
  roster TEXT NOT NULL,
  organisation_name TEXT NOT NULL,
  PRIMARY KEY (organisation, name, base, roster)
) STRICT, WITHOUT ROWID;
CREATE INDEX employment_base ON employment (base, roster);
