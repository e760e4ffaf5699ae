-- Facts: to which organisations rosters say that a person belongs, and under which identifiers
-- they know whom.
CREATE TABLE employment (
  organisation TEXT NOT NULL,
  name TEXT NOT NULL,               -- the person's
  base TEXT NOT NULL,               -- the persona whom the roster's person is
  roster TEXT NOT NULL,
  person TEXT NOT NULL,             -- the roster's id of the person
  organisation_name TEXT NOT NULL,
  PRIMARY KEY (organisation, name, base, roster, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX employment_base ON employment (base);
CREATE INDEX employment_person ON employment (roster, person);

CREATE TABLE roster_identifier (
  roster TEXT NOT NULL,
  identifier TEXT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (roster, identifier, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX roster_identifier_identifier ON roster_identifier (identifier);
CREATE INDEX roster_identifier_person ON roster_identifier (roster, person);

-- How far those are who follow something.
CREATE TABLE followed (
  name TEXT PRIMARY KEY,
  seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
