package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.faultline.postgres.PartitionException;
import dev.faultline.postgres.SinkConfigurationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import scala.Option;

/** With tasks of a real Spark, whose exceptions travel as they do from an executor. */
class TaskProbeTest {
  private final List<String> errors = new ArrayList<>();
  private final AtomicInteger running = new AtomicInteger();

  private void run(ForeachPartitionFunction<Long> work) {
    TaskProbe probe = new TaskProbe(running::incrementAndGet, (partition, error, atMs) -> {
      assertTrue(Math.abs(System.currentTimeMillis() - atMs) < 60_000, "at " + atMs);
      errors.add(partition + ": " + FailureKind.firstLine(error));
    }, () -> errors.add("lost an executor"));
    SparkSession spark = SparkSession.builder().master("local[1,3]").config("spark.ui.enabled", "false").getOrCreate();
    try {
      spark.sparkContext().addSparkListener(probe);
      spark.sparkContext().setLocalProperty(TaskProbe.QUERY_ID, "this query");
      spark.range(0, 1, 1, 1).foreachPartition(work);
    } finally {
      // it delivers every event
      spark.stop();
    }
  }

  @Test
  void reportsEachFailureOfTheSinkWithItsPartition() {
    assertThrows(SparkException.class, () -> run(rows -> {
      PSQLException server = new PSQLException(new ServerErrorMessage("SERROR\0C42501\0Mpermission denied for table dead_letters\0"));
      RuntimeException refused = new SinkConfigurationException("PostgreSQL refuses the chunk:\nsecond line", server);
      throw new IllegalStateException("wrapped by Spark", new PartitionException("payments", 3, refused));
    }));
    assertEquals(List.of("3: PostgreSQL refuses the chunk:", "3: PostgreSQL refuses the chunk:", "3: PostgreSQL refuses the chunk:"), errors);
    assertEquals(1, running.get());
  }

  @Test
  void countsOnlyTheTasksOfTheQuery() {
    List<Integer> counts = new ArrayList<>();
    for (String id : new String[] {null, "a"}) {
      AtomicReference<TaskProbe> probe = new AtomicReference<>();
      probe.set(new TaskProbe(() -> counts.add(probe.get().running()), (partition, error, atMs) -> {
      }, () -> {
      }));
      SparkSession spark = SparkSession.builder().master("local[1]").config("spark.ui.enabled", "false").getOrCreate();
      try {
        spark.sparkContext().addSparkListener(probe.get());
        spark.sparkContext().setLocalProperty(TaskProbe.QUERY_ID, id);
        spark.range(0, 1, 1, 1).foreachPartition((ForeachPartitionFunction<Long>) rows -> {
        });
      } finally {
        spark.stop();
      }
      assertEquals(Set.of(), probe.get().executors());
    }
    assertEquals(List.of(0, 1), counts);
  }

  private static TaskInfo task(long id, String executor) {
    return new TaskInfo(id, 0, 0, 0, 0, executor, "host", TaskLocality.ANY(), false);
  }

  private static SparkListenerStageSubmitted stage(int id, Properties properties) {
    StageInfo info = new StageInfo(id, 0, "", 1, null, null, "", null, null, Option.empty(), 0, false, 0);
    return new SparkListenerStageSubmitted(info, properties);
  }

  @Test
  void tellsThatAnExecutorDiedUnderATaskOfTheQueryOnly() {
    AtomicInteger lost = new AtomicInteger();
    TaskProbe probe = new TaskProbe(() -> {
    }, (partition, error, atMs) -> {
    }, lost::incrementAndGet);
    Properties query = new Properties();
    query.setProperty(TaskProbe.QUERY_ID, "a");
    probe.onStageSubmitted(stage(1, query));
    probe.onStageSubmitted(stage(2, new Properties()));
    probe.onTaskStart(new SparkListenerTaskStart(1, 0, task(10, "0")));
    probe.onTaskStart(new SparkListenerTaskStart(2, 0, task(20, "1")));
    assertEquals(Set.of("0"), probe.executors());
    ExecutorLostFailure died = new ExecutorLostFailure("1", true, Option.empty());
    probe.onTaskEnd(new SparkListenerTaskEnd(2, 0, "", died, task(20, "1"), null, null));
    assertEquals(0, lost.get());
    probe.onTaskEnd(new SparkListenerTaskEnd(1, 0, "", died, task(10, "0"), null, null));
    assertEquals(1, lost.get());
    assertEquals(0, probe.running());
    // between two batches
    probe.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "1", ""));
    assertEquals(1, lost.get());
    probe.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "0", ""));
    assertEquals(2, lost.get());
    probe.onTaskStart(new SparkListenerTaskStart(1, 0, task(11, "3")));
    probe.onStageSubmitted(stage(3, query));
    probe.onTaskStart(new SparkListenerTaskStart(3, 0, task(12, "4")));
    probe.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "3", ""));
    assertEquals(2, lost.get(), "the next batch runs elsewhere");
  }

  @Test
  void knowsNoPartitionOfAnotherFailureNorOfSuccess() {
    assertThrows(SparkException.class, () -> run(rows -> {
      throw new IllegalStateException("payments/3: not the sink's");
    }));
    run(rows -> {
    });
    assertEquals(List.of(), errors);
    assertEquals(2, running.get());
  }
}
