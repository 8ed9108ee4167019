package dev.faultline.postgres;

import java.sql.SQLException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToIntFunction;
import org.apache.spark.TaskContext;

/**
 * A standby's writer of one partition. While the {@link WriteGate} is closed, it keeps the records that the active driver has not
 * stored, and waits when they are too many. When the gate opens, it stores them and then each new record as usual.
 *
 * <p>At the end of an epoch or a micro-batch it waits until its records are stored, by whichever driver: Spark takes them as done.
 */
final class GatedWriter<R> implements RecordWriter<R>, WriteGate.Waiter {
  /** How often a waiting task looks whether Spark has killed it without an interrupt. */
  private static final long LOOK_MS = 100;
  /** A task that waited so long for a record has read what there is. */
  private static final long AT_END_MS = 15;
  /** So long a standby then lets records gather, at most. */
  static final long GATHER_MS = 200;
  /** So long a micro-batch lasts at least while the gate is closed: a standby that plans batches as quickly as the active driver takes its processors. */
  private static final long BATCH_MS = 1_000;

  private final SinkPlan plan;
  private final int partition;
  private final RecordEncoder<? super R> encoder;
  private final int chunkMs;
  private final ToIntFunction<R> bytes;
  private final WriteGate gate;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Tail<R> tail;
  private final Rehearsal<R> rehearsal;
  private final long gatherMs;
  private final long bornNanos = System.nanoTime();
  /** When the task went to fetch the next record; 0 before the first. */
  private long askedNanos;
  /** Stores the records; null while the gate is closed. */
  private BackgroundWriter<R> writer;
  /** The same writer, once the tail is empty and the task may use it itself. */
  private volatile BackgroundWriter<R> direct;
  private boolean closed;
  private volatile RuntimeException failure;

  GatedWriter(SinkPlan plan, int partition, RecordEncoder<? super R> encoder, int chunkMs, ToIntFunction<R> bytes) {
    this(plan, partition, encoder, chunkMs, bytes, GATHER_MS);
  }

  GatedWriter(SinkPlan plan, int partition, RecordEncoder<? super R> encoder, int chunkMs, ToIntFunction<R> bytes, long gatherMs) {
    this.gatherMs = gatherMs;
    this.plan = plan;
    this.partition = partition;
    this.encoder = encoder;
    this.chunkMs = chunkMs;
    this.bytes = bytes;
    this.rehearsal = new Rehearsal<>(encoder);
    this.tail = new Tail<>(plan.topic(), partition);
    this.gate = WriteGate.enter(plan, partition, this);
  }

  @Override
  public void append(long offset, byte[] key, byte[] value, R record) {
    if (direct == null && keep(offset, key, value, record)) {
      return;
    }
    direct.append(offset, key, value, record);
  }

  /** False if the record goes to {@link #direct}. */
  private boolean keep(long offset, byte[] key, byte[] value, R record) {
    lock.lock();
    try {
      gather();
      while (direct == null && tail.isFull()) {
        await(LOOK_MS);
      }
      throwFailure();
      if (direct == null) {
        if (writer == null) {
          rehearsal.take(offset, key, value, record);
        }
        tail.add(offset, key, value, record, bytes.applyAsInt(record));
      }
      return direct == null;
    } finally {
      askedNanos = System.nanoTime();
      lock.unlock();
    }
  }

  /**
   * Lets records gather in Kafka while the gate is closed. At the log's end each of the task's polls
   * brings a single small batch: two standby executors kept the brokers as busy as the
   * active ones. At most four times as long as the task waited for this record, so that one that is behind does not stay so.
   */
  private void gather() {
    if (askedNanos == 0) {
      return;
    }
    long nowNanos = System.nanoTime();
    long waitedMs = (nowNanos - askedNanos) / 1_000_000;
    if (waitedMs < AT_END_MS) {
      return;
    }
    long untilNanos = nowNanos + Math.min(gatherMs, 4 * waitedMs) * 1_000_000;
    for (long leftMs = 1; writer == null && leftMs > 0; leftMs = (untilNanos - System.nanoTime()) / 1_000_000) {
      await(Math.min(LOOK_MS, leftMs));
    }
  }

  /** Waits for a change; called with the lock. */
  private void await(long atMostMs) {
    throwFailure();
    TaskContext task = TaskContext.get();
    if (task != null && task.isInterrupted()) {
      throw new SinkUnavailableException("the task was killed while it waited for the right to write", null);
    }
    try {
      changed.await(atMostMs, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException("interrupted while waiting for the right to write", e);
    }
  }

  @Override
  public void stored(long nextOffset) {
    lock.lock();
    try {
      tail.trim(nextOffset);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void open(long generation, long nextOffset, SinkSession session) {
    lock.lock();
    try {
      PartitionWriter<R> adopting = adopting(generation, nextOffset, session);
      if (closed) {
        adopting.close();
        return;
      }
      tail.trim(nextOffset);
      writer = new BackgroundWriter<>(adopting, partition, chunkMs);
      if (tail.isEmpty()) {
        direct = writer;
        changed.signalAll();
      } else {
        // the task may sleep in Kafka's poll for long, so it can't do this
        Thread drain = new Thread(this::drain, "faultline-drain-" + partition);
        drain.setDaemon(true);
        drain.start();
      }
    } finally {
      lock.unlock();
    }
  }

  private PartitionWriter<R> adopting(long generation, long nextOffset, SinkSession session) {
    SinkSession adopted = session;
    try {
      if (session != null) {
        session.adopt(generation);
      }
    } catch (SQLException e) {
      session.close();
      adopted = null;
    }
    return new PartitionWriter<>(plan.claimed(generation), partition, encoder, adopted, nextOffset);
  }

  private void drain() {
    try {
      for (Tail.Entry<R> entry = next(); entry != null; entry = next()) {
        writer.append(entry.offset(), entry.key(), entry.value(), entry.record());
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  /** The next record to store; null, with the way free for the task, when none is left. */
  private Tail.Entry<R> next() {
    lock.lock();
    try {
      Tail.Entry<R> entry = closed ? null : tail.poll();
      if (entry == null) {
        direct = writer;
      }
      changed.signalAll();
      return entry;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void fail(RuntimeException error) {
    lock.lock();
    try {
      failure = failure == null ? error : failure;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void check() {
    throwFailure();
    BackgroundWriter<R> open = direct;
    if (open != null) {
      open.check();
    }
  }

  private void throwFailure() {
    if (failure != null) {
      throw failure;
    }
  }

  /** How many records wait to be stored. */
  int waiting() {
    lock.lock();
    try {
      return tail.size();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void finish() {
    try {
      awaitHandedOver();
    } catch (RuntimeException e) {
      discard();
      throw e;
    }
    gate.leave(this);
    if (writer != null) {
      writer.finish();
    }
  }

  /** Waits until the other driver has stored the tail, or the gate is open and this one's writer has it. */
  private void awaitHandedOver() {
    lock.lock();
    try {
      while (writer == null ? !tail.isEmpty() || System.nanoTime() - bornNanos < BATCH_MS * 1_000_000 : direct == null) {
        await(LOOK_MS);
      }
      throwFailure();
      closed = true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void discard() {
    BackgroundWriter<R> open;
    lock.lock();
    try {
      closed = true;
      open = writer;
    } finally {
      lock.unlock();
    }
    gate.leave(this);
    if (open != null) {
      open.discard();
    }
  }
}
