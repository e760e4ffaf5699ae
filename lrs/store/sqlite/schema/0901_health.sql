-- Written to find out whether the disk still takes writes; one row for each name.
CREATE TABLE health_mark (
  name TEXT PRIMARY KEY,
  at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which delivery waits the longest.
CREATE INDEX outbox_queued ON outbox (parked, queued);
