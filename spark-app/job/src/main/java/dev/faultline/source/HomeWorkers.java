package dev.faultline.source;

import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
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
  /** An executor that has had no task for so long will not get warmer by waiting. */
  static final long COLD_MS = 30_000;
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

  /** An executor of the application. @param isCold whether it has done no task yet, and is new: the first one loads classes for seconds */
  record Place(String id, String host, String worker, boolean isCold) {
    /** In the form in which Spark takes a task's preferred location. */
    String location() {
      return new ExecutorCacheTaskLocation(host, id).toString();
    }
  }

  /** Where tasks that run for minutes should be: at home, cold or not. They load what they need while another driver writes. */
  List<String> forLongTasks(SparkContext context) {
    return names.isEmpty() ? List.of() : atHome(places(context)).map(Place::location).toList();
  }

  /** Where the tasks of a micro-batch should be. */
  List<String> forBatch(SparkContext context) {
    return names.isEmpty() ? List.of() : forBatch(places(context)).stream().map(Place::location).toList();
  }

  /** A batch waits for its slowest task, and the next one is free to go elsewhere: so a cold home is worse than a warm executor away from it. */
  List<Place> forBatch(List<Place> all) {
    List<Place> home = atHome(all).toList();
    List<Place> warmHome = warm(home);
    if (!warmHome.isEmpty()) {
      return warmHome;
    }
    List<Place> warm = warm(all);
    return warm.isEmpty() ? home : warm;
  }

  /** The ids of the executors at home. */
  public List<String> executors(SparkContext context) {
    return names.isEmpty() ? List.of() : atHome(places(context)).map(Place::id).toList();
  }

  /** Waits for an executor at home: until another one has been there for two seconds, and for ten in all. Executors register one after the other. */
  public void await(SparkContext context) throws InterruptedException {
    long untilNanos = System.nanoTime() + FIRST_NANOS;
    boolean isAny = false;
    while (!names.isEmpty() && executors(context).isEmpty() && System.nanoTime() < untilNanos) {
      if (!isAny && !places(context).isEmpty()) {
        isAny = true;
        untilNanos = Math.min(untilNanos, System.nanoTime() + NEXT_NANOS);
      }
      Thread.sleep(LOOK_MS);
    }
  }

  private Stream<Place> atHome(List<Place> all) {
    return all.stream().filter(place -> names.contains(place.worker()));
  }

  private static List<Place> warm(List<Place> all) {
    return all.stream().filter(place -> !place.isCold()).toList();
  }

  /** The oldest first. */
  private static List<Place> places(SparkContext context) {
    long nowMs = System.currentTimeMillis();
    return CollectionConverters.asJava(context.statusStore().executorList(true)).stream()
        .filter(executor -> !executor.id().equals(DRIVER)).sorted(Comparator.comparing(ExecutorSummary::addTime))
        .map(executor -> place(executor, nowMs)).toList();
  }

  private static Place place(ExecutorSummary executor, long nowMs) {
    String host = executor.hostPort().substring(0, Math.max(0, executor.hostPort().lastIndexOf(':')));
    boolean isCold = executor.completedTasks() == 0 && nowMs - executor.addTime().getTime() < COLD_MS;
    return new Place(executor.id(), host, executor.attributes().getOrElse(ATTRIBUTE, () -> host), isCold);
  }
}
