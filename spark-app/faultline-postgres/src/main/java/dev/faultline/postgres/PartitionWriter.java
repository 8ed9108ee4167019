package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.SQLException;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes the records of one Kafka partition to one table, each exactly once: the chunk's rows and the partition's
 * {@code next_offset} move in one transaction, and {@code next_offset} decides what is a replay.
 *
 * <p>Not thread-safe. All methods that talk to PostgreSQL throw {@link FencedException}, {@link OffsetGapException},
 * {@link SinkUnavailableException} or {@link SinkConfigurationException}; after any of them the writer is of no more use.
 *
 * @param <R> what the {@link RecordEncoder} takes
 */
public final class PartitionWriter<R> implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionWriter.class);
  /** A chunk of huge rows is stored before it fills the heap. */
  private static final int MAX_CHUNK_BYTES = 16 * 1024 * 1024;

  private final SinkPlan plan;
  private final int partition;
  private final RecordEncoder<R> encoder;
  private final List<String> columnNames;
  private Chunk buffer = new Chunk();
  private final Backoff backoff;
  private volatile SinkSession session;
  /** Offset of the next record to buffer; -1 before the first. */
  private long nextToBuffer = -1;
  /** Records before it are replays; what the database said last. */
  private volatile long applied = -1;
  private volatile boolean closed;

  public PartitionWriter(SinkPlan plan, int partition, RecordEncoder<R> encoder) {
    this.plan = plan;
    this.partition = partition;
    this.encoder = encoder;
    this.columnNames = plan.target().columnNames();
    this.backoff = new Backoff(plan.timeouts().reconnectDeadlineMs());
  }

  /**
   * Buffers one record; drops it if it is a replay. Does not store: see {@link #isFull()}.
   *
   * @param key kept for a dead letter; may be null
   * @param value kept for a dead letter; may be null
   * @throws OffsetGapException if {@code offset} does not follow the one before
   */
  public void append(long offset, byte[] key, byte[] value, R record) {
    if (nextToBuffer < 0) {
      applied = readPosition();
      if (offset > applied) {
        throw gap(applied, offset, false);
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

  /** Whether the buffer holds a chunk's rows, so that {@link #flush()} is due. */
  public boolean isFull() {
    return buffer.count() >= plan.chunkRows() || buffer.bytes() >= MAX_CHUNK_BYTES;
  }

  public boolean isEmpty() {
    return buffer.count() == 0;
  }

  /** Stores what is buffered and returns when it is durable. */
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
      try {
        SinkSession open = session();
        boolean stored = duplicates ? open.storeWithoutDuplicates(chunk, from, to) : open.store(chunk, from, to);
        backoff.reset();
        if (stored) {
          applied = chunk.offset(to);
          return;
        }
        from = Math.max(from, recordAt(chunk, reread(chunk, open), to));
      } catch (SQLException e) {
        switch (failure(e)) {
          case DUPLICATE -> {
            if (duplicates) {
              // another partition's writer inserted the same identity between our two statements
              pause("storing " + name(), e);
            }
            duplicates = true;
          }
          case ROW -> {
            if (to - from > 1) {
              int middle = (from + to) >>> 1;
              store(chunk, from, middle);
              store(chunk, middle, to);
              return;
            }
            if (chunk.isDead(from)) {
              throw new SinkConfigurationException("dead_letters takes no row: " + SqlFailure.reason(e), e);
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
          case FATAL -> throw new SinkConfigurationException("PostgreSQL refused a chunk for " + name() + ": " + SqlFailure.reason(e), e);
        }
      }
    }
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
    if (failure == SqlFailure.TRANSIENT || failure == SqlFailure.LOCKED) {
      LOG.warn("{}: {} ({}), trying again from sink_offsets", name(), e.getMessage(), e.getSQLState());
    }
    return failure;
  }

  private void pause(String what, SQLException e) {
    if (closed) {
      throw new SinkUnavailableException(what + " was given up: the writer is closed", e);
    }
    backoff.pause(what, e);
  }

  private static int recordAt(Chunk chunk, long offset, int to) {
    return (int) Math.min(to, offset - chunk.offset(0));
  }

  /** The row was not as believed: finds out why, under its lock. Returns the next offset to apply. */
  private long reread(Chunk chunk, SinkSession open) throws SQLException {
    open.rollback();
    SinkSession.Position position = check(open.read(true));
    open.rollback();
    if (position.nextOffset() < chunk.offset(0)) {
      throw gap(position.nextOffset(), chunk.offset(0), false);
    }
    applied = position.nextOffset();
    return applied;
  }

  private SinkSession.Position check(SinkSession.Position position) {
    if (position == null) {
      throw new SinkUnavailableException("sink_offsets has no row for " + name() + ": claim it first", null);
    }
    if (position.generation() > plan.generation()) {
      throw new FencedException(plan.target().target(), plan.topic(), partition, plan.generation(), position.generation());
    }
    if (position.generation() < plan.generation()) {
      throw new SinkUnavailableException("sink_offsets of " + name() + " went back to generation " + position.generation()
          + ": was the database restored?", null);
    }
    return position;
  }

  private long readPosition() {
    while (true) {
      try {
        SinkSession.Position position = session().read(false);
        session.rollback();
        backoff.reset();
        return check(position).nextOffset();
      } catch (SQLException e) {
        if (failure(e) == SqlFailure.FATAL) {
          throw new SinkConfigurationException("sink_offsets can't be read: " + SqlFailure.reason(e), e);
        }
        drop();
        pause("reading sink_offsets for " + name(), e);
      }
    }
  }

  private void terminateHolder() {
    try {
      int terminated = session().terminateHolders(plan.timeouts().lockTimeoutMs());
      LOG.warn("{}: the row is locked; terminated {} hanging session(s)", name(), terminated);
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

  /** Gives the connection back. What is buffered and not flushed is dropped, and read again from {@code next_offset}. */
  @Override
  public void close() {
    closed = true;
    if (session != null) {
      SessionPool.give(plan, partition, session);
      session = null;
    }
  }

  /** Breaks off a {@link #flush()} in another thread; then {@link #close()} it there. */
  public void abort() {
    closed = true;
    SinkSession open = session;
    if (open != null) {
      open.abort();
    }
  }
}
