package dev.faultline.postgres;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Stores one partition's chunks in its own thread while the next chunk fills. No record waits longer than
 * {@code chunkMs} for its transaction to begin, even if no record follows it. If the thread fails, the next call throws its error.
 */
final class BackgroundWriter<R> implements RecordWriter<R> {
  /** How long a partition without new records goes on before the writer looks whether the table still has the last ones. */
  static final long VERIFY_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private enum Work { STORE, VERIFY, END }

  private final PartitionWriter<R> writer;
  private final long chunkNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition toStore = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final Thread thread;
  private Chunk spare = new Chunk();
  private long oldestNanos;
  private boolean finish;
  private boolean giveUp;
  private volatile Throwable failure;

  BackgroundWriter(PartitionWriter<R> writer, int partition, int chunkMs) {
    this.writer = writer;
    this.chunkNanos = TimeUnit.MILLISECONDS.toNanos(chunkMs);
    this.thread = new Thread(this::run, "faultline-commit-" + partition);
    thread.setDaemon(true);
    thread.start();
  }

  /** As {@link PartitionWriter#append}; waits while one chunk is full and another being stored. */
  @Override
  public void append(long offset, byte[] key, byte[] value, R record) {
    lock.lock();
    try {
      while (writer.isFull() && failure == null && !giveUp) {
        room.await();
      }
      throwFailure();
      if (giveUp) {
        throw new SinkUnavailableException("the writer is closed", null);
      }
      boolean first = writer.isEmpty();
      writer.append(offset, key, value, record);
      if (writer.isEmpty()) {
        return;
      }
      if (first) {
        oldestNanos = System.nanoTime();
        toStore.signal();
      } else if (writer.isFull()) {
        toStore.signal();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException("interrupted", e);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void check() {
    throwFailure();
  }

  private void run() {
    lock.lock();
    try {
      for (Work work = await(); work != Work.END; work = await()) {
        if (work == Work.VERIFY) {
          unlocked(writer::verify);
          continue;
        }
        Chunk chunk = writer.swap(spare);
        spare = null;
        room.signal();
        unlocked(() -> {
          writer.store(chunk);
          chunk.clear();
        });
        spare = chunk;
      }
    } catch (Throwable e) {
      failure = e;
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void unlocked(Runnable work) {
    lock.unlock();
    try {
      work.run();
    } finally {
      lock.lock();
    }
  }

  private Work await() throws InterruptedException {
    while (!giveUp) {
      if (writer.isEmpty()) {
        if (finish) {
          return Work.END;
        }
        if (!writer.hasStored()) {
          toStore.await();
        } else if (toStore.awaitNanos(VERIFY_NANOS) <= 0 && writer.isEmpty() && !finish && !giveUp) {
          return Work.VERIFY;
        }
        continue;
      }
      long leftNanos = oldestNanos + chunkNanos - System.nanoTime();
      if (leftNanos <= 0 || finish || writer.isFull()) {
        return Work.STORE;
      }
      toStore.awaitNanos(leftNanos);
    }
    return Work.END;
  }

  /** Stores what is left, then closes; raises what went wrong. */
  @Override
  public void finish() {
    stop(false);
    try {
      thread.join();
    } catch (InterruptedException e) {
      stop(true);
      writer.abort();
      Thread.currentThread().interrupt();
      throw new SinkUnavailableException("interrupted", e);
    }
    writer.close();
    throwFailure();
  }

  /** Drops what is left and breaks off what is under way; its transaction is rolled back, or was committed and is found by the next reader. */
  @Override
  public void discard() {
    stop(true);
    writer.abort();
    boolean interrupted = false;
    try {
      thread.join(5_000);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (!thread.isAlive()) {
      writer.close();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop(boolean now) {
    lock.lock();
    try {
      finish = true;
      giveUp |= now;
      toStore.signalAll();
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void throwFailure() {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    if (failure != null) {
      throw new IllegalStateException(failure);
    }
  }
}
