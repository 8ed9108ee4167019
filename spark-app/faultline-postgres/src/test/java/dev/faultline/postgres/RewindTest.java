package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The database goes back to an earlier moment, as after a failover that lost commits. At the end everything is there once. */
class RewindTest {
  private Database database;
  private long generation;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
    generation = Payments.claim(database).generation();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  private PartitionWriter<byte[]> writer() throws SQLException {
    return Payments.writer(database, generation, 0);
  }

  private SinkPlan plan(int chunkRows, long tailBytes) throws SQLException {
    SinkPlan plan = Payments.plan(database, database.address(), generation, chunkRows);
    return new SinkPlan(plan.address(), plan.timeouts(), plan.target(), plan.topic(), generation, null, chunkRows,
        new CommitOptions(tailBytes, true));
  }

  private static void append(BackgroundWriter<byte[]> writer, long n) {
    byte[] value = Payments.json(n).getBytes(StandardCharsets.UTF_8);
    writer.append(n, null, value, value);
  }

  private void awaitState(String state) throws Exception {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (!Payments.state(database).equals(state) && System.nanoTime() < deadline) {
      Thread.sleep(20);
    }
    assertEquals(state, Payments.state(database));
  }

  @Test
  void storesTheLostRecordsAgainBeforeTheNext() throws SQLException {
    long before = SinkMetrics.totals().rewound();
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 1_500);
      Moment moment = Moment.keep(database);
      Payments.write(writer, 1_500, 4_000);
      moment.goBack();
      assertEquals("1500 rows, sink_offsets 1500+0+0 at 1500, dead 0", Payments.state(database));
      Payments.write(writer, 4_000, 4_100);
      assertEquals("4100 rows, sink_offsets 4100+0+0 at 4100, dead 0", Payments.state(database));
      moment.goBack();
      Payments.write(writer, 4_100, 4_101);
    }
    assertEquals(2_500 + 2_600, SinkMetrics.totals().rewound() - before);
    assertEquals("4101 rows, sink_offsets 4101+0+0 at 4101, dead 0", Payments.state(database));
  }

  @Test
  void storesLostDuplicatesAndDeadLettersAgain() throws SQLException {
    database.execute("ALTER TABLE payments ADD CHECK (amount_cents <> 77)");
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 10);
      Moment moment = Moment.keep(database);
      long offset = 10;
      for (long n : new long[] {10, 3, 77, 11, 11}) {
        Payments.append(writer, offset++, Payments.json(n));
      }
      Payments.append(writer, offset++, "no JSON");
      writer.flush();
      String letters = "SELECT \"offset\", key, value, reason FROM dead_letters ORDER BY 1";
      var before = database.rows(letters);
      moment.goBack();
      Payments.append(writer, offset, Payments.json(12));
      writer.flush();
      assertEquals("13 rows, sink_offsets 13+2+2 at 17, dead 2", Payments.state(database));
      assertEquals(before, database.rows(letters));
    }
  }

  @Test
  void aNewWriterGoesOnWithTheTailOfTheOneBefore() throws SQLException {
    Moment moment;
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 100);
      moment = Moment.keep(database);
      Payments.write(writer, 100, 200);
    }
    moment.goBack();
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 200, 300);
    }
    assertEquals("300 rows, sink_offsets 300+0+0 at 300, dead 0", Payments.state(database));
  }

  @Test
  void noticesBetweenTwoWritersWithoutAnyRecord() throws Exception {
    Moment moment;
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 100);
      moment = Moment.keep(database);
      Payments.write(writer, 100, 200);
    }
    moment.goBack();
    awaitState("200 rows, sink_offsets 200+0+0 at 200, dead 0");
  }

  @Test
  void aWriterWithoutRecordsNotices() throws Exception {
    BackgroundWriter<byte[]> writer = new BackgroundWriter<>(writer(), 0, 5);
    try {
      for (long n = 0; n < 100; n++) {
        append(writer, n);
      }
      awaitState("100 rows, sink_offsets 100+0+0 at 100, dead 0");
      Moment moment = Moment.keep(database);
      append(writer, 100);
      awaitState("101 rows, sink_offsets 101+0+0 at 101, dead 0");
      moment.goBack();
      awaitState("101 rows, sink_offsets 101+0+0 at 101, dead 0");
    } finally {
      writer.finish();
    }
  }

  /** Chunks are under way all the time; the database goes back in the middle of them, several times. */
  @Test
  void inTheMiddleOfLoadNothingIsLostOrDoubled() throws Exception {
    BackgroundWriter<byte[]> writer = new BackgroundWriter<>(Payments.writer(plan(50, 16_000_000), 0), 0, 1);
    long n = 0;
    for (int round = 0; round < 3; round++) {
      for (long end = n + 2_000; n < end; n++) {
        append(writer, n);
      }
      Moment moment = Moment.keep(database);
      for (long end = n + 3_000; n < end; n++) {
        append(writer, n);
      }
      moment.goBack();
      for (long end = n + 500; n < end; n++) {
        append(writer, n);
      }
      database.execute("DROP SCHEMA kept CASCADE");
    }
    writer.finish();
    awaitState(n + " rows, sink_offsets " + n + "+0+0 at " + n + ", dead 0");
  }

  @Test
  void beyondTheTailItAsksForTheRecordsFromKafka() throws SQLException {
    Moment moment;
    try (PartitionWriter<byte[]> writer = Payments.writer(plan(10, 2_000), 0)) {
      Payments.write(writer, 0, 10);
      moment = Moment.keep(database);
      Payments.write(writer, 10, 1_000);
      moment.goBack();
      OffsetGapException gap = assertThrows(OffsetGapException.class, () -> Payments.write(writer, 1_000, 1_010));
      assertEquals("0@10 false", gap.partition() + "@" + gap.nextOffset() + " " + gap.insideLog());
    }
    generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 10, 1_010);
    }
    assertEquals("1010 rows, sink_offsets 1010+0+0 at 1010, dead 0", Payments.state(database));
  }

  @Test
  void aLostClaimIsToldAndTheNextClaimGoesOn() throws SQLException {
    Moment moment = Moment.keep(database);
    generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 10);
      moment.goBack();
      Payments.append(writer, 10, Payments.json(10));
      assertThrows(LostClaimException.class, writer::flush);
    }
    SinkClaim again = Payments.claim(database);
    assertEquals(0, again.startOffsets().get(0));
    generation = again.generation();
    try (PartitionWriter<byte[]> writer = writer()) {
      Payments.write(writer, 0, 20);
    }
    assertEquals("20 rows, sink_offsets 20+0+0 at 20, dead 0", Payments.state(database));
  }
}
