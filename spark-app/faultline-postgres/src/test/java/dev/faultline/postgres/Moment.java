package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/** What a database held at a moment, so that it can go back there, as after a failover to a server that lacks the commits since. */
final class Moment {
  /** The offsets row first: a writer locks it before the others. */
  private static final List<String> TABLES = List.of("sink_offsets", "payments", "payments_per_minute", "payments_per_account", "dead_letters");

  private final Database database;

  private Moment(Database database) {
    this.database = database;
  }

  /** @param database must have no other kept moment */
  static Moment keep(Database database) throws SQLException {
    try (Connection connection = database.open(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("CREATE SCHEMA kept");
      statement.execute("LOCK TABLE " + String.join(", ", TABLES) + " IN ACCESS EXCLUSIVE MODE");
      for (String table : TABLES) {
        statement.execute("CREATE TABLE kept." + table + " AS TABLE " + table);
      }
      connection.commit();
    }
    return new Moment(database);
  }

  void goBack() throws SQLException {
    try (Connection connection = database.open(); Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      statement.execute("LOCK TABLE " + String.join(", ", TABLES) + " IN ACCESS EXCLUSIVE MODE");
      for (String table : TABLES) {
        statement.execute("TRUNCATE " + table);
        statement.execute("INSERT INTO " + table + " TABLE kept." + table);
      }
      connection.commit();
    }
  }
}
