package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits until every standby that streams from this server has a claim's commit on its disk, but not for long: then a failover rarely loses a
 * claim. If it does all the same, the writers notice it ({@link LostClaimException}).
 */
final class ClaimReplication {
  private static final Logger LOG = LoggerFactory.getLogger(ClaimReplication.class);
  static final long MOST_MS = 1_000;
  private static final long LOOK_MS = 5;
  private static final String SYNCHRONOUS = """
      SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'""";
  private static final String BEHIND = """
      SELECT count(*) FILTER (WHERE flush_lsn < ?::pg_lsn), count(*) FILTER (WHERE flush_lsn IS NULL), count(*)
      FROM pg_stat_replication WHERE state = 'streaming'""";

  /** How many standbys stream, lack the claim, or can't be seen with this user's rights. */
  private record Standbys(int behind, int unseen, int all) {
  }

  private ClaimReplication() {
  }

  /** Call it in the claim's transaction: its commit is durable, even if the server does not wait for others. */
  static void begin(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(SYNCHRONOUS);
    }
  }

  /**
   * Call it when the claim is committed. It never fails: the claim stands.
   *
   * @return whether every streaming standby has the claim, or there is none
   */
  static boolean await(Connection connection, String what) {
    try {
      return look(connection, what);
    } catch (SQLException e) {
      LOG.warn("{}: whether standbys have the claim is not known: {}", what, e.getMessage());
      return false;
    } finally {
      rollback(connection);
    }
  }

  private static boolean look(Connection connection, String what) throws SQLException {
    String committed;
    try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery("SELECT pg_current_wal_flush_lsn()::text")) {
      row.next();
      committed = row.getString(1);
    }
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(MOST_MS);
    while (true) {
      Standbys standbys = standbys(connection, committed);
      if (standbys.unseen() > 0) {
        LOG.info("{}: whether {} standbys have the claim can't be seen without the role pg_monitor", what, standbys.unseen());
        return false;
      }
      if (standbys.behind() == 0) {
        return true;
      }
      if (System.nanoTime() > deadline) {
        LOG.warn("{}: {} of {} standbys did not have the claim after {} ms; a failover to one of them would lose it", what, standbys.behind(),
            standbys.all(), MOST_MS);
        return false;
      }
      try {
        Thread.sleep(LOOK_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  private static Standbys standbys(Connection connection, String committed) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(BEHIND)) {
      query.setString(1, committed);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return new Standbys(row.getInt(1), row.getInt(2), row.getInt(3));
      }
    } finally {
      // else a transaction's view of the statistics stays what it was
      connection.rollback();
    }
  }

  private static void rollback(Connection connection) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      LOG.debug("rollback: {}", e.getMessage());
    }
  }
}
