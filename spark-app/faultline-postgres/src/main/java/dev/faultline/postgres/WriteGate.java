package dev.faultline.postgres;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The gate before a standby's writers: one per JVM, table and holder. As long as a writer waits, the gate's thread reads
 * {@code sink_offsets} and tells the writer how far the active driver is. When the rows name the holder, the writer leaves
 * the gate with the claimed generation and with a connection that is open already.
 */
final class WriteGate {
  private static final Logger LOG = LoggerFactory.getLogger(WriteGate.class);
  private static final long POLL_MS = 40;
  /** After a failure. */
  private static final long RETRY_MS = 250;
  /** A gate without writers ends after this time. */
  private static final long IDLE_MS = 10_000;

  /** A writer before the gate. It is called by the gate's thread, so it must not block. */
  interface Waiter {
    /** All records before {@code nextOffset} are stored. */
    void stored(long nextOffset);

    /**
     * The gate is open.
     *
     * @param session the waiter's from now on; null if none was ready
     */
    void open(long generation, long nextOffset, SinkSession session);

    void fail(RuntimeException error);
  }

  private record Key(String address, SinkTarget target, String topic, String holder, SinkTimeouts timeouts) {
  }

  /** A waiter's place. Its session is ready, or null. */
  private static final class Place {
    final int partition;
    final Waiter waiter;
    SinkSession session;

    Place(int partition, Waiter waiter) {
      this.partition = partition;
      this.waiter = waiter;
    }
  }

  private static final Map<Key, WriteGate> GATES = new HashMap<>();

  private final Key key;
  private final SinkPlan plan;
  /** Guarded by this. */
  private final List<Place> places = new ArrayList<>();
  /** Sessions of writers that went away before the gate opened, by partition, for those of the next micro-batch. Guarded by this. */
  private final Map<Integer, SinkSession> spares = new HashMap<>();
  private boolean hasNew;

  private WriteGate(Key key, SinkPlan plan) {
    this.key = key;
    this.plan = plan;
    Thread thread = new Thread(this::run, "faultline-gate");
    thread.setDaemon(true);
    thread.start();
  }

  /** Puts a writer before the gate of its plan. */
  static WriteGate enter(SinkPlan plan, int partition, Waiter waiter) {
    Key key = new Key(plan.address().toString(), plan.target(), plan.topic(), plan.holder(), plan.timeouts());
    synchronized (GATES) {
      WriteGate gate = GATES.computeIfAbsent(key, k -> new WriteGate(k, plan));
      gate.add(new Place(partition, waiter));
      return gate;
    }
  }

  private synchronized void add(Place place) {
    place.session = spares.remove(place.partition);
    places.add(place);
    hasNew = true;
    notifyAll();
  }

  /** Takes a writer away, whether it still waits or not. */
  synchronized void leave(Waiter waiter) {
    for (Place place : List.copyOf(places)) {
      if (place.waiter == waiter) {
        places.remove(place);
        keep(place);
      }
    }
  }

  private void keep(Place place) {
    SinkSession other = place.session == null ? null : spares.put(place.partition, place.session);
    place.session = null;
    if (other != null) {
      other.close();
    }
  }

  private synchronized void dropSpares() {
    spares.values().forEach(SinkSession::close);
    spares.clear();
  }

  private static void drop(Place place) {
    if (place.session != null) {
      place.session.close();
      place.session = null;
    }
  }

  private void run() {
    GateReader reader = null;
    while (awaitWriters()) {
      long pauseMs = POLL_MS;
      try {
        // only a writer that came before the rows are read may believe them
        List<Place> waiting = waiting();
        reader = reader == null ? new GateReader(plan) : reader;
        Map<Integer, SinkSession.OffsetsRow> rows = reader.read();
        waiting.forEach(place -> tell(place, rows.get(place.partition)));
        prepareOne(waiting);
      } catch (SQLException e) {
        if (reader != null) {
          reader.close();
          reader = null;
        }
        failed(e);
        pauseMs = RETRY_MS;
      }
      pause(pauseMs);
    }
    dropSpares();
    if (reader != null) {
      reader.close();
    }
  }

  private synchronized List<Place> waiting() {
    hasNew = false;
    return List.copyOf(places);
  }

  private void tell(Place place, SinkSession.OffsetsRow row) {
    if (row == null) {
      return;
    }
    if (!plan.holder().equals(row.holder())) {
      place.waiter.stored(row.nextOffset());
      return;
    }
    SinkSession session;
    synchronized (this) {
      if (!places.remove(place)) {
        return;
      }
      session = place.session;
      place.session = null;
    }
    place.waiter.open(row.generation(), row.nextOffset(), session);
  }

  /** Opens a connection for one waiter that has none; one per round, so that the rows are read in between. */
  private void prepareOne(List<Place> waiting) throws SQLException {
    Place next = withoutSession(waiting);
    if (next == null) {
      return;
    }
    SinkSession session = new SinkSession(plan, next.partition);
    try {
      session.warmUp();
    } catch (SQLException e) {
      session.close();
      throw e;
    }
    synchronized (this) {
      next.session = session;
      if (!places.contains(next)) {
        keep(next);
      }
    }
  }

  private synchronized Place withoutSession(List<Place> waiting) {
    return waiting.stream().filter(place -> place.session == null && places.contains(place)).findFirst().orElse(null);
  }

  private void failed(SQLException e) {
    LOG.warn("{}: the standby can't follow sink_offsets: {} ({})", plan.target().target(), e.getMessage(), e.getSQLState());
    List<Place> waiting;
    synchronized (this) {
      waiting = List.copyOf(places);
      // the other connections lead to the same server
      waiting.forEach(WriteGate::drop);
      dropSpares();
    }
    SqlFailure failure = SqlFailure.of(e, plan.target().columnNames());
    if (failure == SqlFailure.FATAL || failure == SqlFailure.CHANGED) {
      RuntimeException error = failure == SqlFailure.FATAL
          ? new SinkConfigurationException("the standby can't follow sink_offsets: " + SqlFailure.reason(e), e)
          : new TableChangedException("table " + plan.target().table() + " is not what it was when the standby's query started");
      waiting.forEach(place -> place.waiter.fail(error));
    }
  }

  /** False when nobody has come for a while: then this gate has left {@link #GATES}. */
  private boolean awaitWriters() {
    long deadline = System.nanoTime() + IDLE_MS * 1_000_000;
    while (true) {
      synchronized (this) {
        while (places.isEmpty() && System.nanoTime() < deadline) {
          waitMs((deadline - System.nanoTime()) / 1_000_000 + 1);
        }
        if (!places.isEmpty()) {
          return true;
        }
      }
      synchronized (GATES) {
        synchronized (this) {
          if (places.isEmpty()) {
            GATES.remove(key);
            return false;
          }
        }
      }
    }
  }

  /** A new writer does not wait: it may be one of the driver that holds the right. */
  private synchronized void pause(long ms) {
    long deadline = System.nanoTime() + ms * 1_000_000;
    while (!hasNew && System.nanoTime() < deadline) {
      waitMs((deadline - System.nanoTime()) / 1_000_000 + 1);
    }
  }

  private void waitMs(long ms) {
    try {
      wait(ms);
    } catch (InterruptedException e) {
      // nobody interrupts this thread, and it has to go on
    }
  }
}
