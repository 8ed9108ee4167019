package dev.faultline.job;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.apache.spark.deploy.master.Master;
import org.apache.spark.deploy.worker.Worker;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.streaming.sources.LowLatencyMemoryStream;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Loads the classes that Spark's master, workers, executors and this job's driver load at their start, and ends. A JVM that runs it
 * with {@code -XX:ArchiveClassesAtExit=FILE} writes these classes into an archive, which later JVMs map instead of parsing
 * and verifying 10,000 classes. It needs neither Kafka nor PostgreSQL: what cannot run without them is loaded by name.
 * Usage: ClassTraining DIRECTORY, a directory for files that nobody needs afterwards. Exit code 0 if all of it worked.
 */
public final class ClassTraining {
  private static final String HOST = "127.0.0.1";
  private static final long TIMEOUT_MS = 120_000;
  private static final int ROWS = 100;
  private static final StructType RECORD = new StructType().add("partition", DataTypes.IntegerType)
      .add("offset", DataTypes.LongType).add("key", DataTypes.BinaryType).add("value", DataTypes.BinaryType);
  /** Of the queries below, whose tasks run in this JVM. */
  private static final AtomicInteger WRITTEN = new AtomicInteger();

  private ClassTraining() {
  }

  public static void main(String[] arguments) {
    int code = 0;
    try {
      train(Path.of(arguments[0]).toAbsolutePath());
    } catch (Exception e) {
      e.printStackTrace();
      code = 1;
    }
    // Spark's threads are no daemons
    System.exit(code);
  }

  private static void train(Path directory) throws Exception {
    joinCluster(directory);
    SparkSession spark = session(directory, "local[4]").config("spark.ui.enabled", "true").config("spark.ui.port", "0").getOrCreate();
    LowLatencyMemoryStream<Row> memory = LowLatencyMemoryStream.apply(spark, 2, Encoders.row(RECORD));
    memory.addData(CollectionConverters.asScala(records()));
    // A batch of Real-time Mode lasts as long as its trigger says; its rows come at once.
    run(memory.toDF().select("partition", "offset", "key", "value"), Trigger.RealTime(5_000), "update", directory.resolve("realtime"));
    Dataset<Row> rate = spark.readStream().format("rate").option("rowsPerSecond", 10L * ROWS).load();
    run(rate, Trigger.ProcessingTime(0), "append", directory.resolve("micro-batch"));
    System.out.println(NamedClasses.load() + " classes were loaded by name");
    spark.stop();
  }

  /** A master, a worker and an application on them. The worker is too small for the application's executor, so there is none. */
  private static void joinCluster(Path directory) throws Exception {
    int port = freePort();
    daemon("master", () -> Master.main(new String[] {"--host", HOST, "--port", "" + port, "--webui-port", "0"}));
    await("the master", () -> listens(port));
    String master = "spark://" + HOST + ":" + port;
    daemon("worker", () -> Worker.main(new String[] {"--host", HOST, "--port", "0", "--webui-port", "0", "--cores", "1", "--memory", "64m",
        "--work-dir", directory.resolve("work").toString(), master}));
    session(directory, master).getOrCreate().stop();
  }

  private static SparkSession.Builder session(Path directory, String master) {
    return SparkSession.builder().master(master).appName("class-training")
        .config("spark.driver.host", HOST).config("spark.driver.bindAddress", HOST)
        .config("spark.local.dir", directory.resolve("local").toString())
        .config("spark.executor.memory", "1g")
        .config("spark.plugins", "dev.faultline.postgres.SinkMetricsPlugin")
        .config("spark.sql.adaptive.enabled", "false");
  }

  private static List<Row> records() {
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < ROWS; i++) {
      byte[] json = ("{\"id\":" + i + "}").getBytes(StandardCharsets.UTF_8);
      rows.add(RowFactory.create(i % 2, (long) i, json, json));
    }
    return rows;
  }

  private static void run(Dataset<Row> rows, Trigger trigger, String outputMode, Path checkpoint) throws Exception {
    WRITTEN.set(0);
    StreamingQuery query = rows.writeStream().queryName("training").option("checkpointLocation", checkpoint.toString())
        .foreach(new Counter()).outputMode(outputMode).trigger(trigger).start();
    try {
      await("rows", () -> WRITTEN.get() >= ROWS || !query.isActive());
      if (query.exception().isDefined()) {
        throw query.exception().get();
      }
    } finally {
      query.stop();
    }
  }

  private static final class Counter extends ForeachWriter<Row> {
    @Override
    public boolean open(long partitionId, long epochId) {
      return true;
    }

    @Override
    public void process(Row row) {
      WRITTEN.incrementAndGet();
    }

    @Override
    public void close(Throwable errorOrNull) {
      // nothing is open
    }
  }

  private static void daemon(String name, Runnable body) {
    Thread thread = new Thread(body, name);
    thread.setDaemon(true);
    thread.start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.bind(new InetSocketAddress(HOST, 0));
      return socket.getLocalPort();
    }
  }

  private static boolean listens(int port) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(HOST, port), 1_000);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + TIMEOUT_MS * 1_000_000;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new TimeoutException("class training: no " + what + " within " + TIMEOUT_MS + " ms");
      }
      Thread.sleep(20);
    }
  }
}
