package dev.faultline.source;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.ExecutorCacheTaskLocation;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The workers where a query's tasks are at home. Drivers that share a table have different ones: so the loss of a worker takes the tasks of one
 * driver only, and the other one goes on.
 *
 * @param names of workers: what {@code SPARK_EXECUTOR_ATTRIBUTE_WORKER} says in a worker's environment, else the host of its executors; if there
 *     are none, every executor is as good as another
 */
public record HomeWorkers(Set<String> names) {
  private static final long LOOK_MS = 50;
  private static final long FIRST_NANOS = 10_000_000_000L;
  private static final long NEXT_NANOS = 2_000_000_000L;
  private static final String ATTRIBUTE = "WORKER";
  /** Spark lists the driver among the executors. */
  private static final String DRIVER = "driver";

  /** As {@code a,b}. */
  public static HomeWorkers parse(String list) {
    return new HomeWorkers(list == null || list.isEmpty() ? Set.of() : Set.copyOf(List.of(list.split(","))));
  }

  @Override
  public String toString() {
    return String.join(",", names);
  }

  /** The executors at home, in the form in which Spark takes a task's preferred location; the oldest first. */
  List<String> locations(SparkContext context) {
    return atHome(context).stream().map(executor -> new ExecutorCacheTaskLocation(host(executor), executor.id()).toString()).toList();
  }

  /** The ids of the executors at home. */
  public List<String> executors(SparkContext context) {
    return atHome(context).stream().map(ExecutorSummary::id).toList();
  }

  /** Waits for an executor at home: until another one has been there for two seconds, and for ten in all. Executors register one after the other. */
  public void await(SparkContext context) throws InterruptedException {
    long untilNanos = System.nanoTime() + FIRST_NANOS;
    boolean isAny = false;
    while (!names.isEmpty() && atHome(context).isEmpty() && System.nanoTime() < untilNanos) {
      if (!isAny && !executors(context, executor -> true).isEmpty()) {
        isAny = true;
        untilNanos = Math.min(untilNanos, System.nanoTime() + NEXT_NANOS);
      }
      Thread.sleep(LOOK_MS);
    }
  }

  private List<ExecutorSummary> atHome(SparkContext context) {
    return names.isEmpty() ? List.of() : executors(context, executor -> names.contains(worker(executor)));
  }

  private static List<ExecutorSummary> executors(SparkContext context, Predicate<ExecutorSummary> which) {
    return CollectionConverters.asJava(context.statusStore().executorList(true)).stream()
        .filter(executor -> !executor.id().equals(DRIVER)).filter(which).sorted(Comparator.comparing(ExecutorSummary::addTime)).toList();
  }

  private static String worker(ExecutorSummary executor) {
    return executor.attributes().getOrElse(ATTRIBUTE, () -> host(executor));
  }

  private static String host(ExecutorSummary executor) {
    return executor.hostPort().substring(0, Math.max(0, executor.hostPort().lastIndexOf(':')));
  }
}
