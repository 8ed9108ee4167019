package dev.faultline.postgres;

import java.io.Serializable;

/**
 * What the sink does about commits that a database may lose, and when it commits nothing more.
 *
 * @param tailBytes how much of what was stored last is kept in memory for each partition, to be stored again
 * @param synchronousCommit whether a commit waits until it is durable
 * @param maxRejectedRatio how many of a partition's records may become dead letters before the query ends; 1 for all
 */
record CommitOptions(long tailBytes, boolean synchronousCommit, double maxRejectedRatio) implements Serializable {
  static final CommitOptions DEFAULT = new CommitOptions(16L * 1024 * 1024, true, 0.5);

  CommitOptions(long tailBytes, boolean synchronousCommit) {
    this(tailBytes, synchronousCommit, DEFAULT.maxRejectedRatio());
  }
}
