package dev.faultline.job;

import dev.faultline.postgres.DriverRight;
import dev.faultline.postgres.FencedException;

/** Tells a driver that handed over, which waits again, from one whose table somebody took without asking, which must end. */
final class StandbyChecks {
  private StandbyChecks() {
  }

  /** @throws Exception that ended the query; a {@link FencedException} itself if the table was taken */
  static void check(JobSetup setup, LiveQuery query, DriverRight right) throws Exception {
    try {
      query.check();
    } catch (Exception e) {
      if (right.checkClaim() == DriverRight.ClaimState.TAKEN) {
        throw taken(setup);
      }
      throw e;
    }
  }

  static FencedException taken(JobSetup setup) {
    return new FencedException(FencedException.PREFIX + "another driver has claimed " + setup.pipeline().table() + " <- " + setup.topic()
        + ", although this one has the right to write; it was probably started without --standby");
  }
}
