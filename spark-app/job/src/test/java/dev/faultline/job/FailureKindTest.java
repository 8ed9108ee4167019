package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.faultline.postgres.PartitionException;
import dev.faultline.postgres.SinkConfigurationException;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;

class FailureKindTest {
  @Test
  void tellsTheSinksOwnWords() {
    RuntimeException refused = new SinkConfigurationException("PostgreSQL refuses a row", new SQLException("new row violates"));
    assertEquals("PostgreSQL refuses a row", FailureKind.message(new IllegalStateException("Spark", new PartitionException("t", 3, refused))));
    assertEquals(FailureKind.CONFIGURATION, FailureKind.of(new IllegalStateException("Spark", new PartitionException("t", 3, refused))));
  }

  @Test
  void tellsTheDeepestCauseOfAnythingElse() {
    assertEquals("disk full", FailureKind.message(new IllegalStateException("Spark", new IllegalStateException("task", new java.io.IOException("disk full")))));
  }
}
