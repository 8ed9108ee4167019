package dev.faultline.postgres;

import java.io.Serializable;

/**
 * What the sink does about commits that a database may lose.
 *
 * @param tailBytes how much of what was stored last is kept in memory for each partition, to be stored again
 * @param synchronousCommit whether a commit waits until it is durable
 */
record CommitOptions(long tailBytes, boolean synchronousCommit) implements Serializable {
  static final CommitOptions DEFAULT = new CommitOptions(16L * 1024 * 1024, true);
}
