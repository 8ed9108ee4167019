package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two drivers with hot standby, in random histories: the right moves, drivers are killed and start again. The table is always exact. */
class TakeoverHistoryTest {
  private static final int PARTITIONS = 2;
  private static final long RECORDS = 3_000;
  private static final long HISTORY_MS = 2_000;

  private static Database database;

  @BeforeAll
  static void open() throws SQLException {
    database = new Database();
  }

  @AfterAll
  static void close() throws SQLException {
    database.close();
  }

  /** One query of a driver: a task per partition, which Spark starts again from its epoch's beginning when it fails. */
  private static final class Query {
    final String holder = UUID.randomUUID().toString();
    private final List<Thread> tasks = new ArrayList<>();
    private volatile boolean killed;

    Query(Random random) throws SQLException {
      SinkPlan plan = Payments.standbyPlan(database, holder, 1 + random.nextInt(200));
      Map<Integer, Long> start = SinkClaim.preview(database.address(), Payments.TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L), holder).startOffsets();
      for (int partition = 0; partition < PARTITIONS; partition++) {
        int task = partition;
        Random own = new Random(random.nextLong());
        Thread thread = new Thread(() -> run(plan, task, start.get(task), own));
        thread.start();
        tasks.add(thread);
      }
    }

    private void run(SinkPlan plan, int partition, long start, Random random) {
      long epochStart = start;
      while (!killed && epochStart < RECORDS) {
        long epochEnd = Math.min(RECORDS, epochStart + 1 + random.nextInt(600));
        GatedWriter<byte[]> writer = Payments.standby(plan, partition);
        try {
          for (long n = epochStart; n < epochEnd; n++) {
            byte[] value = Payments.json(partition * 1_000_000L + n).getBytes(StandardCharsets.UTF_8);
            writer.append(n, null, value, value);
            if (random.nextInt(20) == 0) {
              Thread.sleep(0, 200_000 * random.nextInt(5));
            }
          }
          writer.finish();
          epochStart = epochEnd;
        } catch (FencedException | SinkUnavailableException e) {
          writer.discard();
        } catch (InterruptedException e) {
          writer.discard();
          return;
        }
      }
    }

    void kill() throws InterruptedException {
      killed = true;
      for (Thread task : tasks) {
        while (task.isAlive()) {
          task.interrupt();
          task.join(20);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void theTableIsExact(long seed) throws Exception {
    database.execute("TRUNCATE payments, payments_per_minute, payments_per_account, sink_offsets, dead_letters");
    Payments.claim(database, "nobody");
    Random random = new Random(seed);
    Query[] drivers = {new Query(random), new Query(random)};
    long end = System.nanoTime() + HISTORY_MS * 1_000_000;
    while (System.nanoTime() < end) {
      int one = random.nextInt(2);
      if (random.nextInt(4) == 0) {
        drivers[one].kill();
        drivers[one] = new Query(random);
      }
      Payments.claim(database, drivers[random.nextInt(2)].holder);
      Thread.sleep(random.nextInt(120));
    }
    Payments.claim(database, drivers[0].holder);
    long all = PARTITIONS * RECORDS;
    Eventually.equal(all + " rows, sink_offsets " + all + "+0+0 at " + all + ", dead 0", () -> Payments.state(database));
    for (Query driver : drivers) {
      driver.kill();
    }
    assertEquals(all + " rows, sink_offsets " + all + "+0+0 at " + all + ", dead 0", Payments.state(database));
  }
}
