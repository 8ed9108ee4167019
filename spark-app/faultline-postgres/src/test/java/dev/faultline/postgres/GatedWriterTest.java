package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GatedWriterTest {
  private static final String STANDBY_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
      + " AND application_name LIKE 'faultline-sink % p0 standby %'";

  private Database database;
  private SinkPlan waiting;
  private PartitionWriter<byte[]> active;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
    waiting = Payments.standbyPlan(database, "standby", 100);
    SinkClaim claim = Payments.claim(database, "active");
    active = Payments.writer(new SinkPlan(waiting.address(), waiting.timeouts(), waiting.target(), waiting.topic(), claim.generation(), "active", 100), 0);
  }

  @AfterEach
  void close() throws SQLException {
    active.close();
    database.close();
  }

  private static void append(RecordWriter<byte[]> writer, long from, long to) {
    for (long n = from; n < to; n++) {
      byte[] value = Payments.json(n).getBytes(StandardCharsets.UTF_8);
      writer.append(n, null, value, value);
    }
  }

  private void stored(long records) throws Exception {
    Eventually.equal(records + " rows, sink_offsets " + records + "+0+0 at " + records + ", dead 0", () -> Payments.state(database));
  }

  @Test
  void keepsWhatTheActiveDriverHasNotStoredAndWritesItAfterTheClaim() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    append(standby, 0, 250);
    Payments.write(active, 0, 180);
    Eventually.equal(70, standby::waiting);
    Payments.write(active, 180, 190);
    Eventually.equal("1", () -> database.one(STANDBY_SESSIONS));
    try (SinkProgress progress = new SinkProgress(database.address(), Payments.TIMEOUTS, "payments", "payments")) {
      assertEquals(1, progress.readyPartitions("standby"));
      assertEquals(0, progress.readyPartitions("another"));
    }
    String pid = database.one(STANDBY_SESSIONS.replace("count(*)", "pid"));

    Payments.claim(database, "standby");
    stored(250);
    assertEquals(pid, database.one("SELECT writer_pid FROM sink_offsets WHERE partition = 0"), "it goes on with the session that was ready");
    Eventually.equal("0", () -> database.one(STANDBY_SESSIONS));
    assertEquals(WriterName.of("payments", "payments", 0, 2), database.one("SELECT application_name FROM pg_stat_activity WHERE pid = " + pid));
    append(standby, 250, 300);
    standby.finish();
    stored(300);
    Payments.append(active, 190, Payments.json(190));
    assertThrows(FencedException.class, active::flush);
  }

  @Test
  void writesWithoutWaitingWhenItsDriverHasTheClaim() throws Exception {
    Payments.claim(database, "standby");
    GatedWriter<byte[]> writer = Payments.standby(waiting, 0);
    append(writer, 0, 1_000);
    writer.finish();
    stored(1_000);
  }

  @Test
  void endsAnEpochWhenTheActiveDriverHasStoredIt() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    append(standby, 0, 100);
    CompletableFuture<Void> end = CompletableFuture.runAsync(standby::finish);
    Payments.write(active, 0, 99);
    Eventually.equal(1, standby::waiting);
    assertFalse(end.isDone());
    Payments.write(active, 99, 100);
    end.get(10, TimeUnit.SECONDS);
  }

  @Test
  void endsAnEpochByWritingIt() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    append(standby, 0, 100);
    CompletableFuture<Void> end = CompletableFuture.runAsync(standby::finish);
    Eventually.equal("1", () -> database.one(STANDBY_SESSIONS));
    assertFalse(end.isDone());
    Payments.claim(database, "standby");
    end.get(10, TimeUnit.SECONDS);
    stored(100);
  }

  @Test
  void handsItsSessionToTheWriterOfTheNextMicroBatch() throws Exception {
    GatedWriter<byte[]> first = Payments.standby(waiting, 0);
    append(first, 0, 100);
    Eventually.equal("1", () -> database.one(STANDBY_SESSIONS));
    String pid = database.one(STANDBY_SESSIONS.replace("count(*)", "pid"));
    Payments.write(active, 0, 100);
    first.finish();

    GatedWriter<byte[]> second = Payments.standby(waiting, 0);
    append(second, 100, 200);
    Payments.claim(database, "standby");
    second.finish();
    stored(200);
    assertEquals(pid, database.one("SELECT writer_pid FROM sink_offsets WHERE partition = 0"));
  }

  @Test
  void letsRecordsGatherAtTheLogsEndUntilItsDriverHasTheClaim() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0, 60_000);
    // without a wait in between they are taken at once
    append(standby, 0, 100);
    Thread task = new Thread(() -> {
      // Kafka had nothing for so long: four times this is more than the test waits
      LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(2));
      append(standby, 100, 200);
    });
    task.start();
    Eventually.equal(true, () -> task.getState() == Thread.State.TIMED_WAITING && LockSupport.getBlocker(task) != null);
    assertEquals(100, standby.waiting());
    Payments.claim(database, "standby");
    task.join(6_000);
    assertFalse(task.isAlive(), "the open gate wakes it");
    standby.finish();
    stored(200);
  }

  @Test
  void takesNoMoreThanItsTailAndCanBeInterrupted() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    AtomicReference<Throwable> end = new AtomicReference<>();
    Thread task = new Thread(() -> append(standby, 0, Tail.MAX_RECORDS + 100));
    task.setUncaughtExceptionHandler((thread, error) -> end.set(error));
    task.start();
    Eventually.equal(Tail.MAX_RECORDS, standby::waiting);
    Payments.write(active, 0, 60);
    // 60 more have come in
    Eventually.equal(Tail.MAX_RECORDS, standby::waiting);
    Eventually.equal(Thread.State.TIMED_WAITING, task::getState);
    task.interrupt();
    task.join(10_000);
    assertEquals(SinkUnavailableException.class, end.get().getClass());
    standby.discard();
    Eventually.equal("0", () -> database.one(STANDBY_SESSIONS));
  }

  @Test
  void waitsAgainAfterItWasFenced() throws Exception {
    Payments.claim(database, "standby");
    GatedWriter<byte[]> first = Payments.standby(waiting, 0);
    append(first, 0, 50);
    stored(50);
    SinkClaim other = Payments.claim(database, "active");
    append(first, 50, 60);
    assertThrows(FencedException.class, first::finish);

    GatedWriter<byte[]> second = Payments.standby(waiting, 0);
    append(second, 0, 80);
    Eventually.equal(30, second::waiting);
    SinkPlan plan = new SinkPlan(waiting.address(), waiting.timeouts(), waiting.target(), waiting.topic(), other.generation(), "active", 100);
    try (PartitionWriter<byte[]> writer = Payments.writer(plan, 0)) {
      Payments.write(writer, 50, 70);
    }
    Eventually.equal(10, second::waiting);
    Payments.claim(database, "standby");
    second.finish();
    stored(80);
  }

  @Test
  void findsThatTheDatabaseWentBackBehindItsTail() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    append(standby, 0, 100);
    Payments.write(active, 0, 80);
    Eventually.equal(20, standby::waiting);
    database.execute("UPDATE sink_offsets SET next_offset = 70, rows = 70 WHERE partition = 0");
    Payments.claim(database, "standby");
    OffsetGapException gap = assertThrows(OffsetGapException.class, standby::finish);
    assertEquals(70, gap.nextOffset());
    assertFalse(gap.insideLog(), "a new start from sink_offsets heals it");
    assertEquals("70", database.one("SELECT next_offset FROM sink_offsets WHERE partition = 0"));
  }

  @Test
  void survivesTheLossOfTheSessionThatIsReady() throws Exception {
    GatedWriter<byte[]> standby = Payments.standby(waiting, 0);
    append(standby, 0, 100);
    Eventually.equal("1", () -> database.one(STANDBY_SESSIONS));
    database.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    Payments.claim(database, "standby");
    standby.finish();
    stored(100);
    assertTrue(standby.waiting() == 0);
  }
}
