package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** One connection that asks for the right to write and, when it has the advisory lock, holds it. Each statement is a transaction. */
final class RightSession implements Closeable {
  /** Short: who hangs longer than this has lost the right to a standby, or a standby must begin to watch again. */
  private static final SinkTimeouts TIMEOUTS = new SinkTimeouts(2_000, 3_000, 1_000, 0);
  private static final String LOOK = """
      WITH key AS (SELECT hashtextextended(?, 0) AS key)
      SELECT lease.holder, lease.driver, lease.lock_pid, (extract(epoch FROM lease.renewed_at) * 1000000)::bigint,
        lease.renewed_at > clock_timestamp() - interval '4 seconds', held.pid
      FROM key
      LEFT JOIN sink_leases lease ON lease.target = ? AND lease.topic = ?
      LEFT JOIN pg_locks held ON held.locktype = 'advisory' AND held.granted AND held.objsubid = 1
        AND held.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND held.classid = ((key >> 32) & 4294967295)::oid AND held.objid = (key & 4294967295)::oid""";
  private static final String WRITE = """
      INSERT INTO sink_leases AS lease (target, topic, holder, driver, lock_pid, renewed_at) VALUES (?, ?, ?, ?, pg_backend_pid(), clock_timestamp())
      ON CONFLICT (target, topic) DO UPDATE SET holder = EXCLUDED.holder, driver = EXCLUDED.driver, lock_pid = EXCLUDED.lock_pid,
        renewed_at = EXCLUDED.renewed_at
      RETURNING (extract(epoch FROM renewed_at) * 1000000)::bigint""";
  private static final String CLAIMED = """
      SELECT coalesce(max(generation), 0), count(*) FILTER (WHERE holder IS DISTINCT FROM ?) FROM sink_offsets WHERE target = ? AND topic = ?""";

  /**
   * Writers, gates and rights of other drivers. A gate that is closed and a driver that waits ask many times a second, which those of a frozen process do not,
   * though its sessions stand. One gate is enough: an executor that the tasks have left keeps its own, and asks no more. The clocks are the server's.
   */
  private static final String OTHER_READY = """
      SELECT count(DISTINCT name) FILTER (WHERE name LIKE ? AND name NOT LIKE ?) >= greatest(1, (
          SELECT count(*) FROM sink_offsets WHERE target = ? AND topic = ? AND next_offset > start_offset))
        AND coalesce(bool_or(asks) FILTER (WHERE name LIKE ? AND name NOT LIKE ?), false)
        AND coalesce(bool_or(asks) FILTER (WHERE name = ? AND pid <> pg_backend_pid()), false)
      FROM (
        SELECT pid, application_name AS name, state_change > clock_timestamp() - interval '1 second' AS asks
        FROM pg_stat_activity WHERE datname = current_database()) session""";

  /**
   * The lease and the lock, as they are now.
   *
   * @param holder null if there is no lease
   * @param fresh whether the lease was renewed a moment ago, by the server's clock
   * @param lockedBy the backend that has the lock; 0 if it is free
   */
  record Look(String holder, String driver, int leasePid, long renewedMicros, boolean fresh, int lockedBy) {
    private record Sign(String holder, int leasePid, long renewedMicros, int lockedBy) {
    }

    /** Differs after each sign of life of a holder, and only then. */
    Object sign() {
      return new Sign(holder, leasePid, renewedMicros, lockedBy);
    }
  }

  private final Connection connection;
  private final String target;
  private final String topic;
  private final PreparedStatement tryLock;
  private final PreparedStatement look;
  private final PreparedStatement write;
  private final PreparedStatement claimed;

  RightSession(PostgresAddress address, String target, String topic) throws SQLException {
    this.target = target;
    this.topic = topic;
    this.connection = address.connect(WriterName.right(target, topic), TIMEOUTS);
    String name = "faultline driver " + target + "\n" + topic;
    try {
      connection.setAutoCommit(true);
      try (Statement statement = connection.createStatement()) {
        // the server notices within seconds that this host is gone, though it sends nothing
        statement.execute("SET tcp_keepalives_idle = 2; SET tcp_keepalives_interval = 1; SET tcp_keepalives_count = 3");
      }
      this.tryLock = connection.prepareStatement("SELECT pg_try_advisory_lock(hashtextextended(?, 0))");
      tryLock.setString(1, name);
      this.look = connection.prepareStatement(LOOK);
      look.setString(1, name);
      look.setString(2, target);
      look.setString(3, topic);
      this.write = connection.prepareStatement(WRITE);
      this.claimed = connection.prepareStatement(CLAIMED);
    } catch (SQLException e) {
      close();
      throw e;
    }
  }

  /** For the claim, which must come from the session that has the lock. */
  Connection connection() {
    return connection;
  }

  boolean tryLock() throws SQLException {
    try (ResultSet row = tryLock.executeQuery()) {
      row.next();
      return row.getBoolean(1);
    }
  }

  Look look() throws SQLException {
    try (ResultSet row = look.executeQuery()) {
      row.next();
      return new Look(row.getString(1), row.getString(2), row.getInt(3), row.getLong(4), row.getBoolean(5), row.getInt(6));
    }
  }

  /** Writes or renews the lease; only with the lock. Returns its time, in microseconds of the server's clock. */
  long renew(String holder, String driver) throws SQLException {
    write.setString(1, target);
    write.setString(2, topic);
    write.setString(3, holder);
    write.setString(4, driver);
    try (ResultSet row = write.executeQuery()) {
      row.next();
      return row.getLong(1);
    }
  }

  /** Removes the lease, so that a driver that starts need not watch it. */
  void removeLease(String holder) throws SQLException {
    try (PreparedStatement remove = connection.prepareStatement("DELETE FROM sink_leases WHERE target = ? AND topic = ? AND holder = ?")) {
      remove.setString(1, target);
      remove.setString(2, topic);
      remove.setString(3, holder);
      remove.executeUpdate();
    }
  }

  /** Whether another driver asks for the right, its executors live, and it has a writer ready for each partition with rows. */
  boolean isOtherReady(String holder) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(OTHER_READY)) {
      query.setString(1, WriterName.standbyPattern(target, topic));
      query.setString(2, WriterName.standbyPattern(target, topic, holder));
      query.setString(3, target);
      query.setString(4, topic);
      query.setString(5, WriterName.gatePattern(target, topic));
      query.setString(6, WriterName.gate(target, topic, holder) + "%");
      query.setString(7, WriterName.right(target, topic));
      try (ResultSet row = query.executeQuery()) {
        row.next();
        return row.getBoolean(1);
      }
    }
  }

  void terminate(int pid) throws SQLException {
    try (PreparedStatement terminate = connection.prepareStatement("SELECT pg_terminate_backend(?)")) {
      terminate.setInt(1, pid);
      terminate.execute();
    }
  }

  /** Whether {@code sink_offsets} still has the claim. */
  DriverRight.ClaimState stateOf(SinkClaim claim) throws SQLException {
    claimed.setString(1, claim.holder());
    claimed.setString(2, target);
    claimed.setString(3, topic);
    try (ResultSet row = claimed.executeQuery()) {
      row.next();
      if (row.getLong(1) == claim.generation() && row.getLong(2) == 0) {
        return DriverRight.ClaimState.VALID;
      }
      return row.getLong(1) >= claim.generation() ? DriverRight.ClaimState.TAKEN : DriverRight.ClaimState.GONE;
    }
  }

  @Override
  public void close() {
    try {
      connection.close();
    } catch (SQLException e) {
      // the server ends the session when the socket goes
    }
  }

  /** Ends the connection without waiting: for a thread other than the one that uses it. */
  void abort() {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      // as in close
    }
  }
}
