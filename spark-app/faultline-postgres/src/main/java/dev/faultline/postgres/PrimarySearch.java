package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the primary among several servers of a database. It asks all of them at once: pgjdbc's own list of hosts asks one after another within
 * one login time-out, so that a first server that is paused keeps it from asking the others.
 */
final class PrimarySearch {
  private static final Logger LOG = LoggerFactory.getLogger(PrimarySearch.class);
  /** The time that a server has to open a session and to say what it is. */
  static final int ASK_MS = 2_000;
  /** How long another server may still say that it was promoted later. */
  private static final long PATIENCE_MS = 150;
  /** The timeline is that of the WAL which the server writes now. Two names of one server have the same start time. */
  private static final String ROLE = """
      SELECT CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END,
        extract(epoch FROM pg_postmaster_start_time())::text""";

  /** Opens a session with one server; its own time-outs end the attempt. */
  interface Opener {
    Connection open(PostgresHost host) throws SQLException;
  }

  private record Primary(PostgresHost host, Connection connection, long timeline, String started) {
  }

  private final List<PostgresHost> hosts;
  private final List<Primary> primaries = new ArrayList<>();
  private final List<String> standbys = new ArrayList<>();
  private final List<SQLException> failures = new ArrayList<>();
  private int answers;
  private boolean isOver;

  private PrimarySearch(List<PostgresHost> hosts) {
    this.hosts = hosts;
  }

  /**
   * @return a session with the primary, with autocommit off; if several servers take writes, with the one of the highest timeline
   * @throws SQLException the refusal of a login, or why no server is the primary
   */
  static Connection connect(List<PostgresHost> hosts, Opener opener) throws SQLException {
    PrimarySearch search = new PrimarySearch(hosts);
    for (PostgresHost host : hosts) {
      Thread thread = new Thread(() -> search.ask(host, opener), "faultline-connect-" + host);
      thread.setDaemon(true);
      thread.start();
    }
    return search.result();
  }

  private void ask(PostgresHost host, Opener opener) {
    Connection connection = null;
    Primary primary = null;
    SQLException failure = null;
    try {
      connection = opener.open(host);
      primary = primary(host, connection);
    } catch (SQLException e) {
      failure = e;
    } catch (RuntimeException e) {
      failure = new SQLException(e.toString(), "08000", e);
    }
    if (primary == null) {
      close(connection);
    }
    answer(host, primary, failure);
  }

  /** Null for a standby. */
  private static Primary primary(PostgresHost host, Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement(); ResultSet row = statement.executeQuery(ROLE)) {
      row.next();
      String timeline = row.getString(1);
      return timeline == null ? null : new Primary(host, connection, Long.parseLong(timeline, 16), row.getString(2));
    } finally {
      connection.rollback();
    }
  }

  private synchronized void answer(PostgresHost host, Primary primary, SQLException failure) {
    answers++;
    if (failure != null) {
      failures.add(failure);
    } else if (primary == null) {
      standbys.add(host.toString());
    } else if (isOver) {
      close(primary.connection());
    } else {
      primaries.add(primary);
    }
    notifyAll();
  }

  private synchronized Connection result() throws SQLException {
    try {
      awaitAnswers(ASK_MS, true);
      awaitAnswers(PATIENCE_MS, false);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      primaries.forEach(primary -> close(primary.connection()));
      throw new SQLException("interrupted", "57014", e);
    } finally {
      isOver = true;
    }
    primaries.sort(Comparator.comparingLong(Primary::timeline).reversed().thenComparing(primary -> hosts.indexOf(primary.host())));
    if (primaries.isEmpty()) {
      throw noPrimary();
    }
    Primary chosen = primaries.get(0);
    for (Primary other : primaries.subList(1, primaries.size())) {
      close(other.connection());
      if (!other.started().equals(chosen.started())) {
        LOG.warn("split brain: {} (timeline {}) and {} (timeline {}) take writes; using the first", chosen.host(), chosen.timeline(),
            other.host(), other.timeline());
      }
    }
    return chosen.connection();
  }

  private void awaitAnswers(long timeoutMs, boolean untilPrimary) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
    while (answers < hosts.size() && !(untilPrimary && !primaries.isEmpty())) {
      long leftMs = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
      if (leftMs <= 0) {
        return;
      }
      wait(leftMs);
    }
  }

  private SQLException noPrimary() {
    for (SQLException failure : failures) {
      if (failure.getSQLState() != null && failure.getSQLState().startsWith("28")) {
        return failure;
      }
    }
    if (standbys.isEmpty() && !failures.isEmpty()) {
      return failures.get(0);
    }
    SQLException none = new SQLException("no server of " + PostgresHost.list(hosts) + " is the primary: "
        + (standbys.isEmpty() ? "none answers" : String.join(", ", standbys) + " in recovery")
        + (failures.isEmpty() ? "" : "; " + failures.get(0).getMessage()), "08001");
    failures.forEach(none::addSuppressed);
    return none;
  }

  private static void close(Connection connection) {
    try {
      if (connection != null) {
        connection.close();
      }
    } catch (SQLException e) {
      // the server ends the session when the socket goes
    }
  }
}
