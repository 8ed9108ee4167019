package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionLossTest {
  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  /** The connection breaks before or after the server works on each statement of a chunk's transaction. */
  @ParameterizedTest
  @CsvSource({"UPDATE sink_offsets,BEFORE", "UPDATE sink_offsets,AFTER", "COPY,BEFORE", "COPY,AFTER", "PGCOPY,BEFORE",
      "PGCOPY,AFTER", "COMMIT,BEFORE", "COMMIT,AFTER", "faultline_chunk ON COMMIT,AFTER"})
  void losesAndDoublesNothing(String statement, CuttingProxy.Cut cut) throws SQLException, IOException {
    long generation = Payments.claim(database).generation();
    try (CuttingProxy proxy = new CuttingProxy(statement, cut);
        PartitionWriter<byte[]> writer = Payments.writer(Payments.plan(database, database.address(proxy.port()), generation, 100), 0)) {
      Payments.write(writer, 0, 250);
      Payments.append(writer, 250, Payments.json(250));
      Payments.append(writer, 251, Payments.json(17));
      writer.flush();
      assertTrue(proxy.hasCut());
    }
    assertEquals("251 rows, sink_offsets 251+1+0 at 252, dead 0", Payments.state(database));
  }

  @Test
  void goesOnAfterItsBackendWasTerminated() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 0, 10);
      assertEquals("t", database.one("SELECT pg_terminate_backend(writer_pid, 5000) FROM sink_offsets WHERE partition = 0"));
      Payments.write(writer, 10, 20);
    }
    assertEquals("20 rows, sink_offsets 20+0+0 at 20, dead 0", Payments.state(database));
  }

  @Test
  void givesUpAtItsDeadline() throws SQLException {
    long generation = Payments.claim(database).generation();
    SinkPlan plan = Payments.plan(database, database.address(1), generation, 100);
    SinkTimeouts impatient = new SinkTimeouts(500, 5_000, 300, 200);
    try (PartitionWriter<byte[]> writer = Payments.writer(
        new SinkPlan(plan.address(), impatient, plan.target(), plan.topic(), generation, 100), 0)) {
      assertThrows(SinkUnavailableException.class, () -> Payments.write(writer, 0, 10));
    }
  }
}
