package dev.faultline.postgres;

import java.io.Closeable;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right to write, for drivers that share a table: one of them has it, the others wait. It is an advisory lock of PostgreSQL, which
 * is free as soon as its holder's connection closes, and a lease, by which a waiting driver sees that a holder hangs.
 *
 * <p>The right only says who should write. What keeps everybody else from writing is the claim, which the holder of the right
 * takes with {@link #claim}: from then on, writers of other claims are refused. A needless hand-over costs time, never a row.
 *
 * <p>All work is done by a thread of its own, which asks and renews until {@link #close}.
 */
public final class DriverRight implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(DriverRight.class);
  private static final long RENEW_MS = 1_000;
  /** A lock that blocks would give it at once; but it would hold back vacuum as long as it waits, or fill the server's log with time-outs. */
  private static final long ASK_MS = 40;
  private static final long RECONNECT_MS = 100;
  /** A driver that waits asks every ASK_MS, so one that has not taken what it was given by then is dead. */
  private static final long HAND_OVER_NANOS = 1_000_000_000L;
  private static final long RELEASE_MS = 1_000;
  /** Short: who has a lock is a writer of an older claim, which would be refused afterwards anyway. */
  private static final int CLAIM_LOCK_MS = 250;
  /** Between them the lease is renewed. */
  private static final int CLAIM_ATTEMPTS = 2;

  public enum State {
    /** The database has not answered yet. */
    ASKING,
    /** Another driver has the right. */
    WAITING,
    /** This driver has the right, as far as it knows: while the database is away, nobody can tell. */
    HELD
  }

  /** What became of the claim that {@link #claim} took. */
  public enum ClaimState {
    /** There was none since this driver got the right. */
    NONE,
    VALID,
    /** The database has forgotten it, as after a restore or the promotion of a server that lagged: claim again. */
    GONE,
    /** A driver without the right has claimed the table, so it wants to be alone. */
    TAKEN
  }

  private final PostgresAddress address;
  private final String target;
  private final String topic;
  private final String driver;
  private final String holder;
  private final Runnable onChange;
  private final Thread thread;
  private volatile State state = State.ASKING;
  private volatile ClaimState claimState = ClaimState.NONE;
  /** Who uses the session that has the lock: the thread to renew, another one to claim. */
  private final Object use = new Object();
  /** The session that has the lock; null without one. */
  private volatile RightSession held;
  /** What was claimed since this driver got the right; null for nothing. */
  private volatile SinkClaim claim;
  private volatile boolean closed;
  /** Whether the thread shall give the right to a driver that waits. */
  private volatile boolean yields;
  private volatile boolean otherHolds;
  /** The thread's: whether it has had a session before. */
  private boolean hasAsked;
  /** The thread's: when it gave the right away; 0 for never, or since somebody has it. */
  private long gaveNanos;
  private long renewedMicros;
  private String lastError = "";
  private volatile SinkConfigurationException refused;

  /**
   * Begins to ask.
   *
   * @param driver the name of this driver, for people; unique among the drivers of the table
   * @param holder a random id; this driver's claim writes it into {@code sink_offsets}
   * @param onChange called after each change of a state, by the right's thread
   */
  public DriverRight(PostgresAddress address, String target, String topic, String driver, String holder, Runnable onChange) {
    this.address = address;
    this.target = target;
    this.topic = topic;
    this.driver = driver;
    this.holder = holder;
    this.onChange = onChange;
    this.thread = new Thread(this::run, "faultline-right");
    thread.setDaemon(true);
    thread.start();
  }

  /** @throws SinkConfigurationException if PostgreSQL refuses to let this driver ask, as without the table sink_leases */
  public State state() {
    if (refused != null) {
      throw refused;
    }
    return state;
  }

  public ClaimState claimState() {
    return claimState;
  }

  /** As {@link #claim(Map, TopicIdentity)}, for a topic of which only the name is known. */
  public SinkClaim claim(Map<Integer, Long> earliestOffsets) throws SQLException {
    return claim(earliestOffsets, TopicIdentity.UNKNOWN);
  }

  /**
   * Claims the table over the session that has the lock: a driver that has lost the right, and does not know it yet, can't claim.
   *
   * @param identity as in {@link SinkClaim#take}; {@link TopicIdentity#UNKNOWN} if the caller does not know
   * @param earliestOffsets as in {@link SinkClaim#take}
   * @throws SQLException if the session broke, or rows stay locked: ask {@link #state()}, then try again
   */
  public SinkClaim claim(Map<Integer, Long> earliestOffsets, TopicIdentity identity) throws SQLException {
    synchronized (use) {
      RightSession session = held;
      if (session == null) {
        throw new SQLException("the session of the right to write is broken", "08003");
      }
      SinkClaim taken = SinkClaim.take(session.connection(), new ClaimTransaction(target, topic, earliestOffsets, holder, identity), CLAIM_ATTEMPTS,
          CLAIM_LOCK_MS);
      claim = taken;
      claimState = ClaimState.VALID;
      return taken;
    }
  }

  /** Looks now at what became of the claim, instead of at the next renewal. What it can't find out is as it was. */
  public ClaimState checkClaim() {
    synchronized (use) {
      RightSession session = held;
      SinkClaim taken = claim;
      if (session != null && taken != null) {
        try {
          session.renew(holder, driver);
          claimState = session.stateOf(taken);
        } catch (SQLException e) {
          // the right's own thread finds the same
          LOG.debug("the claim could not be checked", e);
        }
      }
      return claimState;
    }
  }

  /** Whether another driver has the right, as far as PostgreSQL said a moment ago. */
  public boolean isWithAnother() {
    return otherHolds;
  }

  /**
   * Gives the right to another driver, if there is one that waits for it, whose executors live, and that has a writer ready for each partition with rows. This one
   * then waits, and takes the right back after a second if nobody took it.
   *
   * @return false if this driver has no right to give, or nobody is ready, so that it keeps the right
   */
  public boolean handOver() {
    synchronized (use) {
      if (yields) {
        return true;
      }
      RightSession session = held;
      try {
        if (session == null || !session.isOtherReady(holder)) {
          return false;
        }
      } catch (SQLException e) {
        // the right's own thread finds the same
        LOG.debug("nobody could be asked to take over", e);
        return false;
      }
      yields = true;
    }
    LOG.info("{} <- {}: hands the right to write over to a driver that is ready", target, topic);
    synchronized (this) {
      notifyAll();
    }
    return true;
  }

  private void run() {
    while (!closed) {
      try (RightSession session = new RightSession(address, target, topic)) {
        if (state == State.HELD ? takeAgain(session) : ask(session)) {
          hold(session);
        }
      } catch (SQLException e) {
        failed(e);
        pause(RECONNECT_MS);
      } catch (RuntimeException e) {
        LOG.error("{} <- {}: the session of the right to write", target, topic, e);
        pause(RECONNECT_MS);
      } finally {
        synchronized (use) {
          held = null;
          yields = false;
        }
        otherHolds = false;
      }
    }
  }

  private void failed(SQLException e) {
    String text = e.getMessage() + " (" + e.getSQLState() + ")";
    if (!closed && !text.equals(lastError)) {
      lastError = text;
      LOG.warn("{} <- {}: the session of the right to write ({}): {}", target, topic, state, text);
    }
    if (SqlFailure.of(e, List.of()) == SqlFailure.FATAL) {
      refused = new SinkConfigurationException("the driver can't ask for the right to write: " + SqlFailure.reason(e)
          + "; compare the tables with the output of: faultline schema", e);
      closed = true;
      onChange.run();
    }
  }

  /** Asks until it has the lock. False if closed. */
  private boolean ask(RightSession session) throws SQLException {
    RightCandidate candidate = new RightCandidate(session, driver, !hasAsked);
    while (!closed) {
      if (gaveNanos != 0 && System.nanoTime() - gaveNanos > HAND_OVER_NANOS) {
        candidate.allow();
      }
      boolean locked = candidate.tryOnce();
      otherHolds = candidate.otherHolds();
      gaveNanos = otherHolds ? 0 : gaveNanos;
      hasAsked = true;
      lastError = "";
      if (locked) {
        return true;
      }
      change(State.WAITING);
      pause(ASK_MS);
    }
    return false;
  }

  /** After its session broke: false if the right is with another driver now, or if closed. */
  private boolean takeAgain(RightSession session) throws SQLException {
    RightCandidate candidate = new RightCandidate(session, driver, false);
    while (!closed) {
      switch (candidate.takeAgain(holder, renewedMicros)) {
        case KEPT -> {
          return true;
        }
        case LOST -> {
          LOG.warn("{} <- {}: another driver has taken the right to write", target, topic);
          lose();
          return false;
        }
        case UNKNOWN -> pause(ASK_MS);
      }
    }
    return false;
  }

  private void hold(RightSession session) throws SQLException {
    renewedMicros = session.renew(holder, driver);
    held = session;
    gaveNanos = 0;
    otherHolds = false;
    change(State.HELD);
    pause(RENEW_MS);
    while (!closed && !yields) {
      synchronized (use) {
        renewedMicros = session.renew(holder, driver);
        if (claim != null) {
          changeClaim(session.stateOf(claim));
        }
      }
      pause(RENEW_MS);
    }
    if (!closed) {
      gaveNanos = System.nanoTime();
      lose();
    }
    session.removeLease(holder);
  }

  private void lose() {
    synchronized (use) {
      held = null;
      claim = null;
      claimState = ClaimState.NONE;
    }
    change(State.WAITING);
  }

  private void changeClaim(ClaimState now) {
    if (claimState != now) {
      claimState = now;
      onChange.run();
    }
  }

  private void change(State now) {
    if (state != now) {
      state = now;
      onChange.run();
    }
  }

  private synchronized void pause(long ms) {
    long deadline = System.nanoTime() + ms * 1_000_000;
    while (!closed && !yields && System.nanoTime() < deadline) {
      try {
        wait((deadline - System.nanoTime()) / 1_000_000 + 1);
      } catch (InterruptedException e) {
        // nobody interrupts this thread; close ends it
      }
    }
  }

  /** Gives the right back, so that a waiting driver gets it at once. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    try {
      thread.join(RELEASE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    RightSession stuck = held;
    if (stuck != null) {
      stuck.abort();
    }
  }
}
