package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the records of one Kafka partition to one table, each exactly once. One transaction stores the chunk's rows and
 * moves the partition's {@code next_offset}. A record before {@code next_offset} is a replay. If the database has lost commits, because it has
 * failed over, the writer stores the same records again from its {@link StoredTail}.
 *
 * <p>Not thread-safe. All methods that talk to PostgreSQL throw {@link FencedException}, {@link OffsetGapException},
 * {@link LostClaimException}, {@link TableChangedException}, {@link SinkUnavailableException} or {@link SinkConfigurationException}. After any of these, the writer cannot be used again.
 *
 * @param <R> the type of record that the {@link RecordEncoder} takes
 */
public final class PartitionWriter<R> implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionWriter.class);
  /** A chunk of huge rows is stored before it fills the heap. */
  private static final int MAX_CHUNK_BYTES = 16 * 1024 * 1024;

  private final SinkPlan plan;
  private final int partition;
  private final RecordEncoder<? super R> encoder;
  private final List<String> columnNames;
  private Chunk buffer = new Chunk();
  private final Backoff backoff;
  private final StoredTail tail;
  private final RejectionLimit rejections;
  private volatile SinkSession session;
  /** Offset of the next record to buffer; -1 before the first. */
  private long nextToBuffer = -1;
  /** Records before it are replays; what the database said last. */
  private volatile long applied = -1;
  private volatile boolean closed;

  public PartitionWriter(SinkPlan plan, int partition, RecordEncoder<? super R> encoder) {
    this(plan, partition, encoder, null, -1);
  }

  /**
   * For a writer that has waited: it goes on with a session that is already open.
   *
   * @param session null to open one
   * @param nextOffset what the offsets row says under the plan's claim; -1 to read it
   */
  PartitionWriter(SinkPlan plan, int partition, RecordEncoder<? super R> encoder, SinkSession session, long nextOffset) {
    this.session = session;
    this.applied = nextOffset;
    this.plan = plan;
    this.partition = partition;
    this.encoder = encoder;
    this.columnNames = plan.target().columnNames();
    this.backoff = new Backoff(plan.timeouts().reconnectDeadlineMs());
    StoredTails.Entry lasting = StoredTails.of(plan, partition);
    this.tail = lasting.tail();
    this.rejections = lasting.rejections();
  }

  /**
   * Buffers one record, or drops it if it is a replay. This method stores nothing: see {@link #isFull()}.
   *
   * @param key stored if the record becomes a dead letter; may be null
   * @param value stored if the record becomes a dead letter; may be null
   * @throws OffsetGapException if {@code offset} does not follow the previous offset
   */
  public void append(long offset, byte[] key, byte[] value, R record) {
    if (nextToBuffer < 0) {
      if (applied < 0) {
        applied = readNextOffset();
      }
      if (offset > applied) {
        rewind(applied, offset);
      }
    } else if (offset != nextToBuffer) {
      throw gap(nextToBuffer, offset, true);
    }
    nextToBuffer = offset + 1;
    // a chunk's offsets are consecutive: once it has begun, a replay in it is dropped under the lock
    if (offset >= applied || buffer.count() > 0) {
      buffer.append(offset, key, value, record, encoder);
    }
  }

  private OffsetGapException gap(long expected, long offset, boolean insideLog) {
    return new OffsetGapException(plan.topic(), partition, expected, offset, insideLog);
  }

  /** Whether the buffer holds a full chunk, so that the caller must call {@link #flush()}. */
  public boolean isFull() {
    return buffer.count() >= plan.chunkRows() || buffer.bytes() >= MAX_CHUNK_BYTES;
  }

  public boolean isEmpty() {
    return buffer.count() == 0;
  }

  /** Stores the buffered records and returns when they are durable. */
  public void flush() {
    if (buffer.count() > 0) {
      store(buffer);
      buffer.clear();
    }
  }

  /** Hands the buffer over to be stored by another thread, and goes on with {@code empty}. */
  Chunk swap(Chunk empty) {
    Chunk full = buffer;
    buffer = empty;
    return full;
  }

  /** Stores a chunk and returns when it is durable; one thread at a time. */
  void store(Chunk chunk) {
    store(chunk, 0, chunk.count());
  }

  private void store(Chunk chunk, int first, int to) {
    int from = first;
    boolean duplicates = false;
    while (from < to) {
      rejections.check(plan.commits().maxRejectedRatio(), name(), chunk, from, to);
      try {
        SinkSession open = session();
        boolean stored = duplicates ? open.storeWithoutDuplicates(chunk, from, to) : open.store(chunk, from, to);
        backoff.reset();
        if (stored) {
          applied = chunk.offset(to);
          rejections.settled(chunk, from, to);
          from = to;
          open.nameAfterAdoption();
          continue;
        }
        long next = reread(open);
        if (next < chunk.offset(from)) {
          rewind(next, chunk.offset(from));
        } else {
          from = recordAt(chunk, next, to);
        }
      } catch (SQLException e) {
        SqlFailure failure = failure(e);
        // the statement for duplicates leaves out those of the identity, so it is another unique key that a row violates
        boolean isOtherKey = failure == SqlFailure.DUPLICATE && (duplicates || plan.target().identity().isEmpty());
        switch (isOtherKey ? SqlFailure.ROW : failure) {
          case DUPLICATE -> duplicates = true;
          case ROW -> {
            if (to - from > 1) {
              int middle = (from + to) >>> 1;
              store(chunk, from, middle);
              store(chunk, middle, to);
              return;
            }
            if (isTableChanged()) {
              throw changed();
            }
            if (chunk.isDead(from)) {
              throw new SinkConfigurationException("PostgreSQL refuses a row for dead_letters: " + SqlFailure.reason(e), e);
            }
            if (chunk.isRestored()) {
              throw new SinkUnavailableException("PostgreSQL refuses a row that it had stored before: " + SqlFailure.reason(e), e);
            }
            chunk.kill(from, SqlFailure.reason(e));
          }
          case LOCKED -> {
            terminateHolder();
            pause("locking " + name(), e);
          }
          case TRANSIENT -> {
            drop();
            pause("storing " + name(), e);
          }
          case CHANGED -> throw changed();
          case FATAL -> {
            if (isTableChanged()) {
              throw changed();
            }
            throw new SinkConfigurationException("PostgreSQL refuses the chunk for " + name() + ": " + SqlFailure.reason(e), e);
          }
        }
      }
    }
    tail.add(chunk, to);
  }

  /**
   * The database has lost commits: its next offset is {@code next}, though this writer goes on at {@code to}. Stores the records between again.
   *
   * @throws OffsetGapException if the tail does not reach back so far; then they must be read again from Kafka
   */
  private void rewind(long next, long to) {
    if (!tail.covers(next, to)) {
      throw gap(next, to, false);
    }
    LOG.warn("{}: next_offset went back from {} to {}: the database lost commits, as by a failover; storing {} records again from memory",
        name(), to, next, to - next);
    Chunk again = new Chunk();
    for (long at = next; at < to; at = again.offset(again.count())) {
      again.clear();
      tail.read(at, to, plan.chunkRows(), again);
      store(again, 0, again.count());
    }
    SinkMetrics.rewound(to - next);
  }

  /**
   * Looks whether the table still has what was stored last, and stores it again if it does not. If the database does not answer, the next call
   * looks again. Not for a thread beside the one that stores.
   */
  void verify() {
    long believed = tail.end();
    if (believed < 0 || closed) {
      return;
    }
    SinkSession.OffsetsRow row;
    try {
      row = session().read(false);
      session.rollback();
    } catch (SQLException e) {
      LOG.debug("{}: {}", name(), e.getMessage());
      drop();
      return;
    }
    tail.touch();
    if (check(row).nextOffset() < believed) {
      rewind(row.nextOffset(), believed);
    }
  }

  /** Whether there is something that {@link #verify()} would look for. */
  boolean hasStored() {
    return nextToBuffer >= 0 && tail.end() >= 0;
  }

  /** What the failure means, with the session rolled back or, if it can't be, dropped. */
  private SqlFailure failure(SQLException e) {
    SqlFailure failure = SqlFailure.of(e, columnNames);
    if (session != null && failure != SqlFailure.TRANSIENT) {
      try {
        session.rollback();
      } catch (SQLException again) {
        drop();
      }
    }
    if ((failure == SqlFailure.TRANSIENT || failure == SqlFailure.LOCKED) && backoff.isNews()) {
      LOG.warn("{}: {} ({}); retrying from sink_offsets", name(), e.getMessage(), e.getSQLState());
    }
    return failure;
  }

  private TableChangedException changed() {
    return new TableChangedException("table " + plan.target().table() + " is not what it was when the query started; nothing of the chunk is stored for " + name());
  }

  private boolean isTableChanged() {
    try {
      return session().isTableChanged();
    } catch (SQLException e) {
      drop();
      return false;
    }
  }

  private void pause(String what, SQLException e) {
    if (closed) {
      throw new SinkUnavailableException(what + " stopped, because the writer is closed", e);
    }
    SinkMetrics.retried();
    backoff.pause(what, e);
  }

  private static int recordAt(Chunk chunk, long offset, int to) {
    return (int) Math.min(to, offset - chunk.offset(0));
  }

  /** The offsets row was not as believed: finds out why, under its lock. Returns the next offset to apply. */
  private long reread(SinkSession open) throws SQLException {
    open.rollback();
    SinkSession.OffsetsRow row = check(open.read(true));
    open.rollback();
    applied = row.nextOffset();
    return applied;
  }

  private SinkSession.OffsetsRow check(SinkSession.OffsetsRow row) {
    if (row == null) {
      throw new SinkUnavailableException("sink_offsets has no row for " + name() + ": claim the table first", null);
    }
    if (row.generation() > plan.generation() || row.generation() == plan.generation() && !Objects.equals(row.holder(), plan.holder())) {
      // no writer of this claim comes again
      drop();
      throw new FencedException(plan.target().target(), plan.topic(), partition, plan.generation(), row.generation());
    }
    if (row.generation() < plan.generation()) {
      throw new LostClaimException("sink_offsets has generation " + row.generation() + " for " + name() + ", but this writer claimed generation "
          + plan.generation() + ": the database lost the claim, as by a failover; the driver must claim the table again");
    }
    return row;
  }

  private long readNextOffset() {
    while (true) {
      try {
        SinkSession.OffsetsRow row = session().read(false);
        session.rollback();
        backoff.reset();
        return check(row).nextOffset();
      } catch (SQLException e) {
        if (failure(e) == SqlFailure.FATAL) {
          throw new SinkConfigurationException("the sink cannot read sink_offsets: " + SqlFailure.reason(e), e);
        }
        drop();
        pause("reading sink_offsets for " + name(), e);
      }
    }
  }

  private void terminateHolder() {
    try {
      int terminated = session().terminateHolders(plan.timeouts().lockTimeoutMs());
      LOG.warn("{}: another session locks the offsets row; terminated {} stale session(s) of this sink", name(), terminated);
    } catch (SQLException e) {
      drop();
    }
  }

  private SinkSession session() throws SQLException {
    if (session == null) {
      session = SessionPool.take(plan, partition);
    }
    return session;
  }

  private void drop() {
    if (session != null) {
      session.close();
      session = null;
    }
  }

  private String name() {
    return plan.target().target() + " <- " + plan.topic() + "/" + partition;
  }

  /** Gives the connection back. Drops the records that are not flushed; the next reader gets them again from {@code next_offset}. */
  @Override
  public void close() {
    closed = true;
    if (session != null) {
      SessionPool.give(plan, partition, session);
      session = null;
    }
  }

  /** Interrupts a {@link #flush()} of another thread. Afterwards that thread must call {@link #close()}. */
  public void abort() {
    closed = true;
    SinkSession open = session;
    if (open != null) {
      open.abort();
    }
  }
}
