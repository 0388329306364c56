-- The table of PostgresStorage, as postgresTable() returns it.
-- user_id: the application's own id of a user. record: JSON, replaced as a whole when revision is the one expected.
CREATE TABLE IF NOT EXISTS "second_factor" (
  user_id text COLLATE "C" NOT NULL PRIMARY KEY,
  revision text COLLATE "C" NOT NULL,
  record json NOT NULL
);
