package dev.faultline.postgres;

import java.sql.SQLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A driver that asks for the right over one session: it decides when the driver may try the lock, and when a holder that hangs must go. */
final class RightCandidate {
  private static final Logger LOG = LoggerFactory.getLogger(RightCandidate.class);
  private static final long LOOK_NANOS = 250_000_000;

  private final RightSession session;
  private final String driver;
  private final LeaseWatch watch = new LeaseWatch();
  private boolean isNew;
  private boolean mayTry;
  private boolean otherHolds;
  private long nextLookNanos = System.nanoTime();

  /** @param isNew whether this driver has only just begun to ask: then no session of its own broke */
  RightCandidate(RightSession session, String driver, boolean isNew) {
    this.session = session;
    this.driver = driver;
    this.isNew = isNew;
  }

  /** Looks at the lease from time to time and tries the lock if it may. @return whether this session has the lock */
  boolean tryOnce() throws SQLException {
    long now = System.nanoTime();
    if (now - nextLookNanos >= 0) {
      nextLookNanos = now + LOOK_NANOS;
      judge(session.look(), now);
    }
    return mayTry && session.tryLock();
  }

  /** The next try may take the lock, whoever had it before. */
  void allow() {
    mayTry = true;
  }

  /** Whether another driver had the lock at the last look, and renewed its lease lately. */
  boolean otherHolds() {
    return otherHolds;
  }

  private void judge(RightSession.Look look, long askedNanos) throws SQLException {
    watch.look(look.sign(), askedNanos, System.nanoTime());
    // A holder whose session broke as well, as in a restart of the database, comes first. Not so if the holder is there, because then a
    // lock that becomes free is a death; nor if it is known to be dead: its lease is old, or is this driver's own from before.
    boolean holds = look.lockedBy() != 0 && look.lockedBy() == look.leasePid();
    otherHolds = holds && watch.isFresh();
    mayTry |= holds;
    mayTry |= isNew && (!look.fresh() || driver.equals(look.driver()));
    isNew = false;
    if (watch.standsStill()) {
      mayTry = true;
      if (look.lockedBy() != 0) {
        LOG.warn("driver {} has not renewed its right to write for {} ms; terminating its session {}", look.driver(),
            LeaseWatch.STANDSTILL_NANOS / 1_000_000, look.lockedBy());
        session.terminate(look.lockedBy());
      }
    }
  }

  /** What became of the right of a holder whose session broke. */
  enum Place { KEPT, LOST, UNKNOWN }

  /**
   * The holder keeps its place if nobody else has had the lock meanwhile.
   *
   * @param renewedMicros the time of the last lease that the holder wrote
   */
  Place takeAgain(String holder, long renewedMicros) throws SQLException {
    boolean locked = session.tryLock();
    RightSession.Look look = session.look();
    // an older lease than the holder's own last one: the database went back
    boolean mine = look.holder() == null || look.holder().equals(holder) || look.renewedMicros() < renewedMicros;
    if (locked) {
      return mine ? Place.KEPT : Place.LOST;
    }
    if (!mine || look.lockedBy() != 0 && look.lockedBy() != look.leasePid()) {
      return Place.LOST;
    }
    if (look.lockedBy() != 0) {
      // the server has not noticed yet that the old connection is gone
      session.terminate(look.lockedBy());
    }
    return Place.UNKNOWN;
  }
}
