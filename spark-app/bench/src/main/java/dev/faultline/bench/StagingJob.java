package dev.faultline.bench;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.from_json;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.Trigger;

/** The usual way to get each record once into PostgreSQL. The primary key catches replays, and each row is written twice. */
public final class StagingJob {
  private final StagingArguments arguments;
  private final StagingSchema schema;
  private final String url;
  private final Properties login;
  private final String staging;
  private final AtomicLong inserted = new AtomicLong();
  private volatile StreamingQuery query;

  private StagingJob(StagingArguments arguments, StagingSchema schema, Map<String, String> environment) {
    this.arguments = arguments;
    this.schema = schema;
    // stringtype=unspecified lets the server take text for jsonb
    this.url = "jdbc:postgresql://" + servers(environment) + "/" + environment.get("POSTGRES_DB") + "?targetServerType=primary&stringtype=unspecified"
        + (arguments.rewrite() ? "&reWriteBatchedInserts=true" : "");
    this.login = new Properties();
    login.put("user", environment.get("POSTGRES_USER"));
    login.put("password", environment.get("POSTGRES_PASSWORD"));
    this.staging = arguments.staging() == null ? schema.table() + "_staging" : arguments.staging();
  }

  public static void main(String[] args) throws Exception {
    if (args.length == 0 || args[0].equals("--help")) {
      System.out.println(StagingArguments.HELP);
      return;
    }
    StagingArguments arguments;
    try {
      arguments = StagingArguments.parse(args);
    } catch (IllegalArgumentException e) {
      System.err.println("StagingJob: " + e.getMessage());
      System.exit(64);
      return;
    }
    new StagingJob(arguments, StagingSchema.read(arguments.pipeline()), System.getenv()).run();
  }

  /** One server, or host:port of each. */
  private static String servers(Map<String, String> environment) {
    String host = environment.getOrDefault("POSTGRES_HOST", "127.0.0.1");
    return host.contains(",") ? host : host + ":" + environment.getOrDefault("POSTGRES_PORT", "5432");
  }

  private void run() throws Exception {
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      statement.execute("CREATE UNLOGGED TABLE IF NOT EXISTS " + StagingSchema.quote(staging) + " (LIKE " + StagingSchema.quote(schema.table()) + ")");
    }
    SparkSession spark = SparkSession.builder().getOrCreate();
    Dataset<Row> events = spark.readStream().format("kafka")
        .option("kafka.bootstrap.servers", arguments.brokers())
        .option("subscribe", arguments.topic() == null ? schema.topic() : arguments.topic())
        .option("startingOffsets", "earliest")
        .option("maxOffsetsPerTrigger", arguments.maxOffsetsPerBatch())
        .load()
        .select(from_json(col("value").cast("string"), schema.columns()).as("event"))
        .select("event.*")
        .filter(col(schema.identity()[0]).isNotNull().and(col(schema.identity()[1]).isNotNull()));
    query = events.writeStream()
        .foreachBatch(this::store)
        .option("checkpointLocation", arguments.checkpoint().toString())
        .trigger(Trigger.ProcessingTime(0))
        .start();
    query.awaitTermination();
    spark.stop();
  }

  private void store(Dataset<Row> batch, Long id) throws SQLException {
    if (inserted.get() >= arguments.untilRows()) {
      return;
    }
    batch.write()
        .option("truncate", "true")
        .option("batchsize", arguments.jdbcBatchRows())
        .mode(SaveMode.Overwrite)
        .jdbc(url, StagingSchema.quote(staging), login);
    long rows;
    try (Connection connection = connect(); Statement statement = connection.createStatement()) {
      rows = statement.executeLargeUpdate("INSERT INTO " + StagingSchema.quote(schema.table()) + " (" + schema.columnList() + ") SELECT "
          + schema.columnList() + " FROM " + StagingSchema.quote(staging) + " ON CONFLICT DO NOTHING");
    }
    long total = inserted.addAndGet(rows);
    System.out.printf("{\"batch\":%d,\"rows\":%d,\"inserted\":%d,\"at_ms\":%d}%n", id, rows, total, System.currentTimeMillis());
    if (total >= arguments.untilRows()) {
      // from a thread of its own: stop() waits for the batch that we are in
      Thread stopper = new Thread(this::stop, "stop");
      stopper.setDaemon(true);
      stopper.start();
    }
  }

  private void stop() {
    try {
      query.stop();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private Connection connect() throws SQLException {
    return DriverManager.getConnection(url, login);
  }
}
