-- Facts: course structures as their publishers packaged them.
CREATE TABLE course (
  id TEXT PRIMARY KEY,
  standard TEXT NOT NULL,
  titles BLOB NOT NULL,
  blocks INTEGER NOT NULL,
  units INTEGER NOT NULL,
  stored INTEGER NOT NULL,          -- microseconds since the epoch
  body BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE course_unit (
  unit TEXT NOT NULL,
  course TEXT NOT NULL REFERENCES course (id),
  PRIMARY KEY (unit, course)
) STRICT, WITHOUT ROWID;
CREATE INDEX course_unit_course ON course_unit (course);
