-- The table of MysqlStorage, as mysqlTable() returns it.
-- user_id: the application's own id of a user. record: JSON, replaced as a whole when revision is the one expected.
CREATE TABLE IF NOT EXISTS `second_factor` (
  user_id VARBINARY(765) NOT NULL PRIMARY KEY,
  revision VARBINARY(255) NOT NULL,
  record MEDIUMBLOB NOT NULL
) ENGINE = InnoDB;
