package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.BitSet;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** One connection that writes one partition. It has the statements of a chunk's transaction. */
final class SinkSession implements Closeable {
  private static final String MOVE = """
      UPDATE sink_offsets SET next_offset = ?, rows = rows + ?, dead_letters = dead_letters + ?,
        writer_pid = pg_backend_pid(), updated_at = clock_timestamp()
      WHERE target = ? AND topic = ? AND partition = ? AND generation = ? AND next_offset = ?
        AND holder IS NOT DISTINCT FROM ?""";
  private static final String COUNT = """
      UPDATE sink_offsets SET rows = rows + ?, duplicates = duplicates + ? WHERE target = ? AND topic = ? AND partition = ?""";
  private static final String READ = """
      SELECT next_offset, generation, holder FROM sink_offsets WHERE target = ? AND topic = ? AND partition = ?""";
  private static final String DEAD_LETTER = """
      INSERT INTO dead_letters AS d (target, topic, partition, "offset", key, value, reason) VALUES (?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (target, topic, partition, "offset") DO UPDATE SET reason = EXCLUDED.reason
      WHERE (d.key, d.value) IS NOT DISTINCT FROM (EXCLUDED.key, EXCLUDED.value)""";
  private static final String OTHER_CONTENT = "the table has a row with other content for the same ";

  /** The offsets row of a partition. */
  record OffsetsRow(long nextOffset, long generation, String holder) {
  }

  private final SinkTarget target;
  private final String topic;
  private final int partition;
  private final AggregateWriter aggregates;
  private final Connection connection;
  private final PreparedStatement move;
  private final PreparedStatement addTotals;
  private final String copy;
  /** What the session is to be called from its first chunk on; null if it is called so. */
  private String adoptedName;

  SinkSession(SinkPlan plan, int partition) throws SQLException {
    this.target = plan.target();
    this.topic = plan.topic();
    this.partition = partition;
    this.aggregates = new AggregateWriter(target, partition);
    this.copy = "COPY " + target.pgTable().sqlName() + " (" + Sql.columns(target.columnNames()) + ") FROM STDIN (FORMAT binary)";
    String name = plan.isStandby() ? WriterName.standby(target.target(), topic, partition, plan.holder())
        : WriterName.of(target.target(), topic, partition, plan.generation());
    this.connection = plan.address().connect(name, plan.timeouts(), plan.commits().synchronousCommit() ? "" : " -c synchronous_commit=off");
    try {
      this.move = connection.prepareStatement(MOVE);
      this.addTotals = aggregates.prepare(connection);
    } catch (SQLException e) {
      connection.close();
      throw e;
    }
    bind(move, 4);
    move.setLong(7, plan.generation());
    move.setString(9, plan.holder());
  }

  /** A standby's session gets the generation that its driver has claimed. */
  void adopt(long generation) throws SQLException {
    move.setLong(7, generation);
    adoptedName = WriterName.of(target.target(), topic, partition, generation);
  }

  /** It waits no longer: the name says so, but not before a chunk is stored. A take-over must not wait for it. */
  void nameAfterAdoption() throws SQLException {
    if (adoptedName != null) {
      connection.setClientInfo("ApplicationName", adoptedName);
      connection.commit();
      adoptedName = null;
    }
  }

  /** Runs the statements of a chunk without any effect, so that the server has planned them before the first chunk needs them. */
  void warmUp() throws SQLException {
    read(false);
    Chunk nothing = new Chunk();
    move.setLong(1, 0);
    move.setLong(2, 0);
    move.setLong(3, 0);
    move.setLong(8, -1);
    move.executeUpdate();
    CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy);
    in.writeToCopy(CopyBuffer.HEADER, 0, CopyBuffer.HEADER.length);
    in.writeToCopy(CopyBuffer.TRAILER, 0, CopyBuffer.TRAILER.length);
    in.endCopy();
    aggregates.addAndCommit(connection, addTotals, nothing, 0, 0, record -> false);
  }

  private void bind(PreparedStatement statement, int first) throws SQLException {
    statement.setString(first, target.target());
    statement.setString(first + 1, topic);
    statement.setInt(first + 2, partition);
  }

  /** Reads the offsets row; with {@code lock}, waits for the lock and keeps it until the transaction ends. Null if there is no such row. */
  OffsetsRow read(boolean lock) throws SQLException {
    try (PreparedStatement query = connection.prepareStatement(READ + (lock ? " FOR UPDATE" : ""))) {
      bind(query, 1);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? new OffsetsRow(row.getLong(1), row.getLong(2), row.getString(3)) : null;
      }
    }
  }

  /**
   * Locks the offsets row, checks the fence and that {@code from} is the next record, and moves it on: all in one
   * statement and, with BEGIN before it, one round trip.
   *
   * @return false if the offsets row is not as this writer believes
   */
  private boolean move(Chunk chunk, int from, int to, int rows, int dead) throws SQLException {
    move.setLong(1, chunk.offset(to));
    move.setLong(2, rows);
    move.setLong(3, dead);
    move.setLong(8, chunk.offset(from));
    return move.executeUpdate() == 1;
  }

  /**
   * Stores the records from {@code from} to {@code to} and commits.
   *
   * @return false, having stored nothing, if the offsets row is not as this writer believes
   */
  boolean store(Chunk chunk, int from, int to) throws SQLException {
    long startNanos = System.nanoTime();
    int dead = chunk.deadBetween(from, to);
    int rows = to - from - dead;
    if (!move(chunk, from, to, rows, dead)) {
      return false;
    }
    if (rows > 0) {
      CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(copy);
      in.writeToCopy(CopyBuffer.HEADER, 0, CopyBuffer.HEADER.length);
      sendRows(in, chunk, from, to);
      in.writeToCopy(CopyBuffer.TRAILER, 0, CopyBuffer.TRAILER.length);
      if (in.endCopy() != rows) {
        throw new SQLException("a trigger drops the row", SqlFailure.RAISED);
      }
    }
    storeDeadLetters(chunk, from, to, dead);
    aggregates.addAndCommit(connection, addTotals, chunk, from, to, record -> true);
    SinkMetrics.committed(rows, 0, dead, startNanos);
    return true;
  }

  /** Dead rows leave a hole in the buffer only if the server refused them, so most chunks go out in one piece. */
  private static void sendRows(CopyIn in, Chunk chunk, int from, int to) throws SQLException {
    int runStart = chunk.start(from);
    for (int record = from; record < to; record++) {
      if (chunk.isDead(record) && chunk.start(record) != chunk.end(record)) {
        send(in, chunk, runStart, chunk.start(record));
        runStart = chunk.end(record);
      }
    }
    send(in, chunk, runStart, chunk.end(to - 1));
  }

  private static void send(CopyIn in, Chunk chunk, int start, int end) throws SQLException {
    if (end > start) {
      in.writeToCopy(chunk.rows().bytes(), start, end - start);
    }
  }

  /**
   * As {@link #store}, for a chunk with records that the table has already: counts them and leaves them out of the totals. A record whose identity
   * has a row with other content is made a dead letter of the chunk; then nothing is stored, and the caller must store the chunk again.
   *
   * @return false, having stored nothing, if a record became a dead letter, or the offsets row is not as this writer believes
   */
  boolean storeWithoutDuplicates(Chunk chunk, int from, int to) throws SQLException {
    long startNanos = System.nanoTime();
    int dead = chunk.deadBetween(from, to);
    if (!move(chunk, from, to, 0, dead)) {
      return false;
    }
    DuplicateFilter.Result result = DuplicateFilter.insert(connection, target, chunk, from, to);
    if (!result.conflicting().isEmpty()) {
      if (isShapeOther()) {
        throw new SQLException(TableShape.MARK, SqlFailure.CHANGED_STATE);
      }
      if (chunk.isRestored()) {
        throw new SinkUnavailableException("a row that was stored before is refused now: " + OTHER_CONTENT + target.identity(), null);
      }
      result.conflicting().stream().forEach(record -> chunk.kill(from + record, OTHER_CONTENT + String.join(", ", target.identity())));
      return false;
    }
    BitSet inserted = result.inserted();
    int rows = inserted.cardinality();
    int duplicates = to - from - dead - rows;
    try (PreparedStatement count = connection.prepareStatement(COUNT)) {
      count.setLong(1, rows);
      count.setLong(2, duplicates);
      bind(count, 3);
      count.executeUpdate();
    }
    storeDeadLetters(chunk, from, to, dead);
    aggregates.addAndCommit(connection, addTotals, chunk, from, to, record -> inserted.get(record - from));
    SinkMetrics.committed(rows, duplicates, dead, startNanos);
    return true;
  }

  private void storeDeadLetters(Chunk chunk, int from, int to, int dead) throws SQLException {
    if (dead == 0) {
      return;
    }
    try (PreparedStatement insert = connection.prepareStatement(DEAD_LETTER)) {
      bind(insert, 1);
      for (int record = from; record < to; record++) {
        if (chunk.isDead(record)) {
          insert.setLong(4, chunk.offset(record));
          insert.setBytes(5, chunk.key(record));
          insert.setBytes(6, chunk.value(record));
          insert.setString(7, chunk.reason(record).replace('\u0000', '\ufffd'));
          insert.addBatch();
        }
      }
      checkWritten(insert.executeBatch(), chunk, from);
    }
  }

  /** The offset may have a letter already, if somebody has set the offsets row back. The same record is no news; another one must not replace it. */
  private void checkWritten(int[] counts, Chunk chunk, int from) {
    int letter = 0;
    for (int record = from; letter < counts.length; record++) {
      if (chunk.isDead(record) && counts[letter++] == 0) {
        throw new SinkConfigurationException("dead_letters has another record for " + topic + "/" + partition + " at offset " + chunk.offset(record)
            + "; was the topic deleted and created again? Move or delete the old letters of this topic");
      }
    }
  }

  /** Terminates the session that keeps this one from the offsets row; see {@link StaleWriters}. */
  int terminateHolders(int olderThanMs) throws SQLException {
    int terminated = StaleWriters.terminate(connection, target.target(), topic, partition, olderThanMs);
    connection.commit();
    return terminated;
  }

  /** Whether the table has another shape than the plan says. */
  boolean isTableChanged() throws SQLException {
    boolean changed = isShapeOther();
    connection.rollback();
    return changed;
  }

  private boolean isShapeOther() throws SQLException {
    return !target.shape().equals(TableShape.read(connection, target.pgTable().sqlName(), target.columnNames()));
  }

  void rollback() throws SQLException {
    connection.rollback();
  }

  boolean isUsable() {
    try {
      return !connection.isClosed();
    } catch (SQLException e) {
      return false;
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

  /** Ends the connection without waiting for anyone: for a thread other than the one that uses it. */
  void abort() {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      // as in close
    }
  }
}
