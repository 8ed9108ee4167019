package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A user that has the rights of README.md and no other can do all that the sink does; it needs each of them. */
class LeastRightsTest {
  private Database database;
  private PostgresAddress writer;

  @BeforeEach
  void open() throws Exception {
    database = new Database();
    database.execute("DROP ROLE IF EXISTS pipeline; CREATE ROLE pipeline LOGIN PASSWORD 'secret'; REVOKE ALL ON SCHEMA public FROM PUBLIC;"
        + "REVOKE ALL ON DATABASE " + database.name + " FROM PUBLIC");
    Matcher sql = Pattern.compile("```sql\n(GRANT.*?)```", Pattern.DOTALL).matcher(Files.readString(Path.of("README.md")));
    assertTrue(sql.find(), "README.md has no block of GRANTs");
    database.execute(sql.group(1).replace("mydatabase", database.name));
    writer = new PostgresAddress("localhost:" + Database.port(), Database.port(), database.name, "pipeline", "secret");
  }

  @AfterEach
  void close() throws SQLException {
    database.execute("DROP OWNED BY pipeline; DROP ROLE pipeline");
    database.close();
  }

  private SinkPlan plan() throws Exception {
    SinkTarget target = TargetReader.read(writer, Payments.TIMEOUTS, "payments", "payments", FieldList.parse(Payments.FIELDS).stream().map(Field::name).toList(),
        (i, c) -> {
        }, new com.fasterxml.jackson.databind.ObjectMapper().readTree(Payments.AGGREGATES), false);
    SinkClaim claim = SinkClaim.take(writer, Payments.TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L), "me");
    return new SinkPlan(writer, Payments.TIMEOUTS, target, "payments", claim.generation(), "me", 100);
  }

  private void work() throws Exception {
    try (PartitionWriter<byte[]> partition = Payments.writer(plan(), 0)) {
      Payments.write(partition, 0, 10);
      Payments.append(partition, 10, Payments.json(3));
      Payments.append(partition, 11, Payments.json(4, "other"));
      Payments.append(partition, 12, "no JSON");
      partition.flush();
    }
  }

  @Test
  void areEnoughForTheSink() throws Exception {
    work();
    assertEquals("10 rows, sink_offsets 10+1+2 at 13, dead 2", Payments.state(database));
    try (SinkProgress progress = new SinkProgress(writer, Payments.TIMEOUTS, "payments", "payments")) {
      assertEquals(13, progress.nextOffsets().get(0));
    }
  }

  @Test
  void areEnoughToEndAStaleWriter() throws Exception {
    SinkPlan old = plan();
    try (Connection hanging = writer.connect(WriterName.of("payments", "payments", 0, old.generation()), new SinkTimeouts(2_000, 60_000, 5_000, 1))) {
      hanging.createStatement().execute("UPDATE sink_offsets SET next_offset = 1000 WHERE partition = 0");
      work();
    }
    assertEquals("10 rows, sink_offsets 10+1+2 at 13, dead 2", Payments.state(database));
  }

  @Test
  void areEnoughForTheRightToWrite() throws Exception {
    try (DriverRight right = new DriverRight(writer, "payments", "payments", "driver", "me", () -> {
    })) {
      Eventually.equal(DriverRight.State.HELD, right::state);
      right.claim(Map.of(0, 0L, 1, 0L));
    }
  }

  @Test
  void areAllNeeded() throws Exception {
    for (String right : new String[] {"INSERT ON payments", "SELECT ON payments", "UPDATE ON sink_offsets", "SELECT ON dead_letters", "UPDATE ON dead_letters",
        "INSERT ON payments_per_minute", "TEMPORARY ON DATABASE " + database.name}) {
      database.execute("REVOKE " + right + " FROM pipeline");
      assertThrows(Exception.class, this::work, right);
      database.execute("GRANT " + right + " TO pipeline; TRUNCATE payments, sink_offsets, dead_letters, payments_per_minute, payments_per_account");
    }
    work();
  }
}
