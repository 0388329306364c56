-- The table of SqliteStorage, as sqliteTable() returns it.
-- user_id: the application's own id of a user. record: JSON, replaced as a whole when revision is the one expected.
CREATE TABLE IF NOT EXISTS "second_factor" (
  user_id TEXT NOT NULL PRIMARY KEY,
  revision TEXT NOT NULL,
  record TEXT NOT NULL
) WITHOUT ROWID;
