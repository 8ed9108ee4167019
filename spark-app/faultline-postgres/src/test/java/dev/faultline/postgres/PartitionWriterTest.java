package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PartitionWriterTest {
  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  @Test
  void storesRowsTotalsAndOffsetTogether() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 0, 2_500);
    }
    assertEquals("2500 rows, sink_offsets 2500+0+0 at 2500, dead 0", Payments.state(database));
    assertEquals("7|11|1|purchase|11|EUR|2026-01-02 03:04:11.123|note 11", database.one("""
        SELECT run_id, event_id, account_id, type, amount_cents, currency, created_at AT TIME ZONE 'UTC', note
        FROM payments WHERE event_id = 11"""));
    assertEquals("f", database.one("SELECT writer_pid IS NULL FROM sink_offsets WHERE partition = 0"));
  }

  @Test
  void dropsAReplayedChunkAndHalfOfOne() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 0, 100);
    }
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 0, 100);
    }
    assertEquals("100 rows, sink_offsets 100+0+0 at 100, dead 0", Payments.state(database));
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 50, 150);
    }
    assertEquals("150 rows, sink_offsets 150+0+0 at 150, dead 0", Payments.state(database));
  }

  @Test
  void dropsWhatAnotherAttemptStoredInTheMeantime() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> slow = Payments.writer(database, generation, 0);
        PartitionWriter<byte[]> quick = Payments.writer(database, generation, 0)) {
      for (long n = 0; n < 100; n++) {
        Payments.append(slow, n, Payments.json(n));
      }
      Payments.write(quick, 0, 60);
      slow.flush();
      Payments.write(quick, 60, 130);
      Payments.write(slow, 100, 200);
    }
    assertEquals("200 rows, sink_offsets 200+0+0 at 200, dead 0", Payments.state(database));
  }

  @Test
  void fencesAnOlderGeneration() throws SQLException {
    long old = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> zombie = Payments.writer(database, old, 0)) {
      Payments.write(zombie, 0, 10);
      Payments.append(zombie, 10, Payments.json(10));
      SinkClaim claim = Payments.claim(database);
      assertEquals(old + 1, claim.generation());
      assertEquals(10, claim.startOffsets().get(0));
      assertThrows(FencedException.class, zombie::flush);
    }
    try (PartitionWriter<byte[]> late = Payments.writer(database, old, 0)) {
      assertThrows(FencedException.class, () -> Payments.append(late, 10, Payments.json(10)));
    }
    assertEquals("10 rows, sink_offsets 10+0+0 at 10, dead 0", Payments.state(database));
  }

  @Test
  void fencesAnotherHoldersClaimOfTheSameGeneration() throws SQLException {
    SinkClaim mine = SinkClaim.take(database.address(), Payments.TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L), "mine");
    assertEquals("mine|mine", database.one("SELECT string_agg(holder, '|') FROM sink_offsets"));
    SinkPlan plan = Payments.plan(database, database.address(), mine.generation(), 100);
    SinkPlan held = new SinkPlan(plan.address(), plan.timeouts(), plan.target(), plan.topic(), plan.generation(), "mine", 100);
    try (PartitionWriter<byte[]> zombie = Payments.writer(held, 0)) {
      Payments.write(zombie, 0, 10);
      Payments.append(zombie, 10, Payments.json(10));
      // a database that lost the claim gives its number to the next one
      database.execute("UPDATE sink_offsets SET holder = 'theirs'");
      FencedException fenced = assertThrows(FencedException.class, zombie::flush);
      assertTrue(fenced.getMessage().contains("generation " + mine.generation() + " of another driver"), fenced.getMessage());
    }
    try (PartitionWriter<byte[]> withoutHolder = Payments.writer(plan, 0)) {
      assertThrows(FencedException.class, () -> Payments.append(withoutHolder, 10, Payments.json(10)));
    }
    assertEquals("10 rows, sink_offsets 10+0+0 at 10, dead 0", Payments.state(database));
  }

  @Test
  void refusesAGap() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      OffsetGapException gap = assertThrows(OffsetGapException.class, () -> Payments.append(writer, 5, Payments.json(5)));
      assertEquals(0, gap.nextOffset());
    }
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.append(writer, 0, Payments.json(0));
      assertTrue(assertThrows(OffsetGapException.class, () -> Payments.append(writer, 2, Payments.json(2))).insideLog());
    }
  }

  @Test
  void countsDuplicatesInAndAcrossChunks() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.write(writer, 0, 10);
      long offset = 10;
      for (long n : new long[] {10, 3, 11, 11, 12, 10, 5}) {
        Payments.append(writer, offset++, Payments.json(n));
      }
      writer.flush();
      assertEquals("13 rows, sink_offsets 13+4+0 at 17, dead 0", Payments.state(database));
      Payments.append(writer, offset++, Payments.json(0));
      Payments.append(writer, offset, Payments.json(1));
      writer.flush();
    }
    assertEquals("13 rows, sink_offsets 13+6+0 at 19, dead 0", Payments.state(database));
    try (PartitionWriter<byte[]> other = Payments.writer(database, generation, 1)) {
      for (long n = 0; n < 20; n++) {
        Payments.append(other, n, Payments.json(n));
      }
      other.flush();
    }
    assertEquals("20 rows, sink_offsets 20+19+0 at 39, dead 0", Payments.state(database));
  }

  @Test
  void isolatesRowsThatOnlyTheServerRefuses() throws SQLException {
    database.execute("ALTER TABLE payments ADD CHECK (amount_cents <> 77)");
    // btree takes no entry above a third of a page, and random text can't be compressed below it
    database.execute("CREATE INDEX ON payments (note)");
    long generation = Payments.claim(database).generation();
    StringBuilder large = new StringBuilder();
    new java.util.Random(1).ints(20_000, 'a', 'z' + 1).forEach(c -> large.append((char) c));
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      for (long n = 0; n < 200; n++) {
        Payments.append(writer, n, n == 150 ? Payments.json(n, large.toString()) : Payments.json(n == 151 ? 3 : n));
      }
      writer.flush();
    }
    assertEquals("197 rows, sink_offsets 197+1+2 at 200, dead 2", Payments.state(database));
    assertEquals("77|key 77|PostgreSQL 23514", database.one(
        "SELECT \"offset\", convert_from(key, 'UTF8'), left(reason, 16) FROM dead_letters ORDER BY 1"));
    assertTrue(database.rows("SELECT reason FROM dead_letters WHERE \"offset\" = 150").get(0).startsWith("PostgreSQL 54000"));
  }

  @Test
  void keepsMalformedRecordsWithTheirBytes() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.append(writer, 0, Payments.json(0));
      Payments.append(writer, 1, "{\"run_id\":7,");
      writer.append(2, null, null, null);
      Payments.append(writer, 3, Payments.json(3));
      writer.flush();
      Payments.append(writer, 4, "");
      writer.flush();
    }
    assertEquals("2 rows, sink_offsets 2+0+3 at 5, dead 3", Payments.state(database));
    assertEquals("{\"run_id\":7,", database.one("SELECT convert_from(value, 'UTF8') FROM dead_letters WHERE \"offset\" = 1"));
    assertEquals("~|value is null", database.one("SELECT value, reason FROM dead_letters WHERE \"offset\" = 2"));
    assertEquals("\\x|value is empty", database.one("SELECT value, reason FROM dead_letters WHERE \"offset\" = 4"));
  }

  @Test
  void storesADeadLetterAgainAfterTheOffsetsWereSetBackButNotAnotherOne() throws SQLException {
    long generation = Payments.claim(database).generation();
    for (int round = 0; round < 2; round++) {
      try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
        Payments.append(writer, 0, "no JSON");
        Payments.append(writer, 1, Payments.json(1));
        writer.flush();
      }
      assertEquals((1 - round) + "|" + round + "|1|2", database.one("SELECT rows, duplicates, dead_letters, next_offset FROM sink_offsets WHERE partition = 0"));
      assertEquals("no JSON", database.one("SELECT convert_from(value, 'UTF8') FROM dead_letters"));
      database.execute("UPDATE sink_offsets SET next_offset = 0, rows = 0, duplicates = 0, dead_letters = 0");
    }
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.append(writer, 0, "no JSON either");
      String message = assertThrows(SinkConfigurationException.class, writer::flush).getMessage();
      assertTrue(message.startsWith("dead_letters has another record for payments/0 at offset 0;"), message);
    }
    assertEquals("no JSON", database.one("SELECT convert_from(value, 'UTF8') FROM dead_letters"));
  }

  @Test
  void endsWhenMostRecordsAreRefused() throws SQLException {
    database.execute("ALTER TABLE payments ADD CHECK (account_id <> 3 AND account_id < 5)");
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      SinkConfigurationException end = assertThrows(SinkConfigurationException.class, () -> Payments.write(writer, 0, 5_000));
      assertTrue(end.getMessage().startsWith("payments <- payments/0: 50") && end.getMessage().contains("option maxRejectedRatio=0.5"), end.getMessage());
      assertTrue(end.getMessage().contains("PostgreSQL 23514"), end.getMessage());
    }
    assertEquals("500", database.one("SELECT count(*) FROM dead_letters"), "not one more than the limit");
  }

  @Test
  void countsRejectionsAlsoOverMicroBatches() throws SQLException {
    SinkPlan plan = Payments.plan(database, database.address(), Payments.claim(database).generation(), 1_000);
    assertThrows(SinkConfigurationException.class, () -> {
      for (long batch = 0; batch < 20; batch++) {
        try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
          for (long n = batch * 50; n < batch * 50 + 50; n++) {
            Payments.append(writer, n, "rubbish");
          }
          writer.flush();
        }
      }
    });
    assertEquals("500", database.one("SELECT count(*) FROM dead_letters"));
  }

  @Test
  void endsBeforeItStoresAChunkOfRubbishUnlessTheLimitIsOff() throws SQLException {
    SinkPlan plan = Payments.plan(database, database.address(), Payments.claim(database).generation(), 2_000);
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      for (long n = 0; n < 2_000; n++) {
        Payments.append(writer, n, n < 1_001 ? "rubbish" : Payments.json(n));
      }
      assertThrows(SinkConfigurationException.class, writer::flush);
    }
    assertEquals("0 rows, sink_offsets 0+0+0 at 0, dead 0", Payments.state(database));
    SinkPlan off = new SinkPlan(plan.address(), plan.timeouts(), plan.target(), plan.topic(), plan.generation(), null, 2_000, new CommitOptions(0, true, 1));
    try (PartitionWriter<byte[]> writer = Payments.writer(off, 0)) {
      for (long n = 0; n < 2_000; n++) {
        Payments.append(writer, n, "rubbish");
      }
      writer.flush();
    }
    assertEquals("0 rows, sink_offsets 0+0+2000 at 2000, dead 2000", Payments.state(database));
  }

  @Test
  void isFullWhenWhatItKeepsIsLargeAlsoIfNothingIsEncoded() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      byte[] large = new byte[1_000_000];
      int taken = 0;
      for (; !writer.isFull() && taken < 100; taken++) {
        writer.append(taken, null, large, large);
      }
      assertTrue(taken <= 17, taken + " dead letters of 1 MB in one chunk");
    }
  }

  @Test
  void saysWhyADeadLetterIsRefusedAndGoesOnWhenItNoLongerIs() throws SQLException {
    database.execute("ALTER TABLE dead_letters ADD CONSTRAINT no_letters CHECK (partition <> 0)");
    long generation = Payments.claim(database).generation();
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.append(writer, 0, "no JSON");
      SinkConfigurationException refused = assertThrows(SinkConfigurationException.class, writer::flush);
      assertEquals("PostgreSQL refuses a row for dead_letters: PostgreSQL 23514: new row for relation \"dead_letters\" violates check constraint \"no_letters\"",
          refused.getMessage());
    }
    database.execute("ALTER TABLE dead_letters DROP CONSTRAINT no_letters");
    try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      Payments.append(writer, 0, "no JSON");
      writer.flush();
    }
    assertEquals("0 rows, sink_offsets 0+0+1 at 1, dead 1", Payments.state(database));
  }

  @Test
  void terminatesAWriterThatHangsWithTheLock() throws SQLException {
    long old = Payments.claim(database).generation();
    try (Connection hanging = Payments.plan(database, database.address(), old, 1).address()
        .connect(WriterName.of("payments", "payments", 0, old), new SinkTimeouts(2_000, 60_000, 5_000, 1))) {
      try (Statement statement = hanging.createStatement()) {
        statement.execute("UPDATE sink_offsets SET next_offset = 1000 WHERE partition = 0");
      }
      long generation = Payments.claim(database).generation();
      assertEquals(old + 1, generation);
      assertThrows(SQLException.class, () -> hanging.createStatement().execute("SELECT 1"));
      try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
        Payments.write(writer, 0, 10);
      }
    }
    assertEquals("10 rows, sink_offsets 10+0+0 at 10, dead 0", Payments.state(database));
  }

  @Test
  void terminatesAnAttemptOfItsOwnGenerationThatHangs() throws SQLException {
    long generation = Payments.claim(database).generation();
    try (Connection hanging = database.address().connect(WriterName.of("payments", "payments", 0, generation),
        new SinkTimeouts(2_000, 60_000, 5_000, 1)); PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
      try (Statement statement = hanging.createStatement()) {
        statement.execute("UPDATE sink_offsets SET next_offset = 1000 WHERE partition = 0");
      }
      Payments.write(writer, 0, 10);
    }
    assertEquals("10 rows, sink_offsets 10+0+0 at 10, dead 0", Payments.state(database));
  }

  @Test
  void leavesALockThatIsNotOursAlone() throws SQLException {
    long generation = Payments.claim(database).generation();
    SinkTimeouts short0 = new SinkTimeouts(2_000, 5_000, 100, 600);
    SinkPlan plan = Payments.plan(database, database.address(), generation, 100);
    try (Connection admin = database.open(); PartitionWriter<byte[]> writer = Payments.writer(
        new SinkPlan(plan.address(), short0, plan.target(), plan.topic(), generation, 100), 0)) {
      admin.setAutoCommit(false);
      admin.createStatement().execute("SELECT * FROM sink_offsets FOR UPDATE");
      assertThrows(SinkUnavailableException.class, () -> Payments.write(writer, 0, 10));
      admin.createStatement().execute("SELECT 1");
    }
  }
}
