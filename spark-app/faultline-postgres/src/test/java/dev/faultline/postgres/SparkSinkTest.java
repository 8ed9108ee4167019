package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeoutException;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.ForeachWriter;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.execution.streaming.runtime.RealTimeModeAllowlist;
import org.apache.spark.sql.streaming.StreamingQuery;
import org.apache.spark.sql.streaming.StreamingQueryException;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.unsafe.types.UTF8String;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** The sink in a real Spark session, and its writer as Spark calls it. */
class SparkSinkTest {
  private static SparkSession spark;

  @TempDir
  Path folder;

  @BeforeAll
  static void open() {
    spark = SparkSession.builder().master("local[2]").config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC").getOrCreate();
  }

  @AfterAll
  static void close() {
    spark.stop();
  }

  private static Map<String, String> options(Database database, String table, long generation) {
    return new HashMap<>(Map.of("host", "localhost", "port", "" + Database.port(), "database", database.name, "user", "postgres",
        "table", table, "topic", "t", "generation", "" + generation, "chunkRows", "40"));
  }

  private static SinkClaim claim(Database database, String table) throws SQLException {
    return SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, table, "t", Map.of(0, 0L, 1, 0L));
  }

  /** Both partitions in one file, so one task writes both; offsets {@code from} to {@code to}. */
  private void write(String name, long from, long to) throws Exception {
    StringBuilder lines = new StringBuilder();
    for (long n = from; n < to; n++) {
      for (int partition = 0; partition < 2; partition++) {
        lines.append("{\"topic\":\"t\",\"partition\":").append(partition).append(",\"offset\":").append(n).append(",\"value\":")
            .append(new com.fasterxml.jackson.databind.ObjectMapper().writeValueAsString(Payments.json(partition * 1_000_000L + n))).append("}\n");
      }
    }
    Path data = Files.createDirectories(folder.resolve("in"));
    Files.move(Files.writeString(folder.resolve(name), lines), data.resolve(name));
  }

  private void run(Map<String, String> options, String checkpoint) throws TimeoutException, StreamingQueryException {
    Dataset<Row> input = spark.readStream().schema(new StructType().add("topic", "string").add("partition", "int").add("offset", "bigint")
        .add("value", "string")).option("maxFilesPerTrigger", "1").json(folder.resolve("in").toString())
        .selectExpr("topic", "partition", "offset", "cast(value as binary) value");
    StreamingQuery query = input.writeStream().format("faultline-postgres").options(options)
        .option("checkpointLocation", folder.resolve(checkpoint).toString()).trigger(Trigger.AvailableNow()).start();
    query.awaitTermination();
  }

  @Test
  void microBatchesSurviveTheLossOfTheirCheckpoint() throws Exception {
    try (Database database = new Database()) {
      Map<String, String> options = options(database, "payments", claim(database, "payments").generation());
      options.put("fields", Payments.FIELDS);
      options.put("aggregates", Payments.AGGREGATES);
      write("1.json", 0, 100);
      run(options, "first");
      assertEquals("200 rows, sink_offsets 200+0+0 at 200, dead 0", Payments.state(database));
      write("2.json", 100, 130);
      run(options, "second");
      assertEquals("260 rows, sink_offsets 260+0+0 at 260, dead 0", Payments.state(database));

      claim(database, "payments");
      write("3.json", 130, 140);
      StreamingQueryException fenced = assertThrows(StreamingQueryException.class, () -> run(options, "second"));
      Throwable cause = fenced;
      while (!(cause instanceof PartitionException)) {
        cause = cause.getCause();
      }
      assertInstanceOf(FencedException.class, cause.getCause());
      assertEquals("t", ((PartitionException) cause).topic());
    }
  }

  /** Spark's list compares class names; its error names the sinks that it takes. */
  @Test
  void realTimeModeTakesTheTable() throws Exception {
    try (Database database = new Database()) {
      Map<String, String> options = options(database, "payments", claim(database, "payments").generation());
      options.put("fields", Payments.FIELDS);
      StructType schema = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");
      Table table = new PostgresProvider().getTable(schema, new Transform[0], options);
      RealTimeModeAllowlist.checkAllowedSink(table, true);
      assertThrows(Exception.class, () -> RealTimeModeAllowlist.checkAllowedSink(new Table() {
        @Override
        public String name() {
          return "another";
        }

        @Override
        public Set<TableCapability> capabilities() {
          return Set.of();
        }
      }, true));
    }
  }

  @Test
  void aBadOptionIsRaisedByStart() {
    assertThrows(SinkConfigurationException.class, () -> {
      Files.createDirectories(folder.resolve("in"));
      run(Map.of("tabel", "payments"), "none");
    });
  }

  @Test
  void realTimeWriterFlushesWithoutAnotherRecordAndTakesOverFromMicroBatches() throws Exception {
    try (Database database = new Database()) {
      Map<String, String> options = options(database, "payments", claim(database, "payments").generation());
      options.put("fields", Payments.FIELDS);
      options.put("aggregates", Payments.AGGREGATES);
      write("1.json", 0, 50);
      run(options, "first");

      options.put("generation", "" + claim(database, "payments").generation());
      StructType schema = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");
      ForeachWriter<InternalRow> writer = writer(options, schema);
      writer.open(0, 0);
      for (long n = 30; n < 80; n++) {
        writer.process(record(0, n));
      }
      awaitRows(database, 130);
      assertEquals("130 rows, sink_offsets 130+0+0 at 130, dead 0", Payments.state(database));
      writer.process(record(1, 50));
      writer.close(null);
      assertEquals("131 rows, sink_offsets 131+0+0 at 131, dead 0", Payments.state(database));

      writer.open(0, 1);
      writer.process(record(0, 80));
      awaitRows(database, 132);
      claim(database, "payments");
      writer.process(record(0, 81));
      assertFenced(() -> writer.close(null));
      writer.open(0, 2);
      assertFenced(() -> writer.process(record(0, 81)));
      writer.close(new IllegalStateException());
      assertEquals("132 rows, sink_offsets 132+0+0 at 132, dead 0", Payments.state(database));
    }
  }

  @Test
  void aStandbyWriterWaitsForTheClaimOfItsHolder() throws Exception {
    try (Database database = new Database()) {
      claim(database, "payments");
      Map<String, String> options = options(database, "payments", 1);
      options.remove("generation");
      options.putAll(Map.of("standby", "true", "holder", "me", "fields", Payments.FIELDS));
      StructType schema = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");
      ForeachWriter<InternalRow> writer = writer(options, schema);
      writer.open(0, 0);
      for (long n = 0; n < 100; n++) {
        writer.process(record(0, n));
        writer.process(record(1, n));
      }
      assertEquals("0", database.one("SELECT count(*) FROM payments"));
      SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, "payments", "t", Map.of(0, 0L, 1, 0L), "me");
      awaitRows(database, 200);
      writer.process(record(0, 100));
      writer.close(null);
      assertEquals("201|201", database.one("SELECT (SELECT count(*) FROM payments) || '|' || sum(rows) FROM sink_offsets"));
    }
  }

  @Test
  void aStandbyWriterKeepsTypedRows() throws Exception {
    try (Database database = new Database()) {
      database.execute("CREATE TABLE typed (id bigint PRIMARY KEY, t text)");
      claim(database, "typed");
      Map<String, String> options = options(database, "typed", 1);
      options.remove("generation");
      options.putAll(Map.of("standby", "true", "holder", "me"));
      StructType schema = new StructType().add("partition", "int").add("offset", "bigint").add("id", "bigint").add("t", "string");
      ForeachWriter<InternalRow> writer = writer(options, schema);
      writer.open(0, 0);
      for (long n = 0; n < 3; n++) {
        writer.process(new GenericInternalRow(new Object[] {0, n, n, UTF8String.fromString("text " + n)}));
      }
      SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, "typed", "t", Map.of(0, 0L, 1, 0L), "me");
      writer.close(null);
      assertEquals(List.of("0|text 0", "1|text 1", "2|text 2"), database.rows("SELECT id, t FROM typed ORDER BY id"));
    }
  }

  /** The database goes back, as after a failover that lost commits, while the query has moved on. */
  @Test
  void bothTriggersStoreAgainWhatTheDatabaseLost() throws Exception {
    try (Database database = new Database()) {
      Map<String, String> options = options(database, "payments", claim(database, "payments").generation());
      options.put("fields", Payments.FIELDS);
      options.put("aggregates", Payments.AGGREGATES);
      write("1.json", 0, 50);
      run(options, "first");
      Moment moment = Moment.keep(database);
      write("2.json", 50, 100);
      run(options, "first");
      moment.goBack();
      write("3.json", 100, 130);
      run(options, "first");
      assertEquals("260 rows, sink_offsets 260+0+0 at 260, dead 0", Payments.state(database));

      StructType schema = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");
      ForeachWriter<InternalRow> writer = writer(options, schema);
      writer.open(0, 0);
      writer.process(record(0, 130));
      awaitRows(database, 261);
      moment.goBack();
      awaitRows(database, 261);
      assertEquals("261 rows, sink_offsets 261+0+0 at 261, dead 0", Payments.state(database));
      writer.close(null);
    }
  }

  private static void assertFenced(Executable work) {
    PartitionException error = assertThrows(PartitionException.class, work);
    assertEquals("t/0", error.topic() + "/" + error.partition());
    assertInstanceOf(FencedException.class, error.getCause());
  }

  private static ForeachWriter<InternalRow> writer(Map<String, String> options, StructType schema) {
    return new PostgresForeachWriter(SinkQuery.of(options, System.getenv(), schema));
  }

  private static InternalRow record(int partition, long n) {
    return new GenericInternalRow(new Object[] {partition, n, null, Payments.json(partition * 1_000_000L + n).getBytes(StandardCharsets.UTF_8)});
  }

  private static void awaitRows(Database database, int rows) throws Exception {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (Integer.parseInt(database.one("SELECT count(*) FROM payments")) < rows && System.nanoTime() < deadline) {
      Thread.sleep(5);
    }
  }

  @Test
  void everyTypedColumnComesBackAsItWas() throws Exception {
    try (Database database = new Database()) {
      database.execute("""
          CREATE TABLE things (id bigint PRIMARY KEY, b smallint, s smallint, i integer, wide numeric, d numeric(20,5), f real, g double precision,
            o boolean NOT NULL, t text, j jsonb, ts timestamptz, ntz timestamp, dt date, bin bytea, made timestamptz DEFAULT now())""");
      String select = "SELECT partition, offset, id, cast(b as byte) b, cast(s as short) s, i, cast(wide as bigint) wide, cast(d as decimal(20,5)) d,"
          + " cast(f as float) f, cast(g as double) g, o, t, j, cast(ts as timestamp) ts, cast(ntz as timestamp_ntz) ntz, cast(dt as date) dt,"
          + " cast(bin as binary) bin FROM things";
      String row = "{\"partition\":0,\"offset\":%d,\"id\":%d,\"b\":-128,\"s\":32767,\"i\":-5,\"wide\":9223372036854775807,\"d\":\"-123456789012345.00001\","
          + "\"f\":1.5,\"g\":-2.25e-300,\"o\":true,\"t\":\"\\u00e9 \uD83D\uDE80\",\"j\":\"{\\\"a\\\": 1}\",\"ts\":\"1969-12-31T23:59:59.999999Z\","
          + "\"ntz\":\"1999-12-31T12:00:00\",\"dt\":\"1582-10-15\",\"bin\":\"x\"}\n";
      Files.writeString(Files.createDirectories(folder.resolve("in")).resolve("1.json"), String.format(row, 0, 1)
          + "{\"partition\":0,\"offset\":1,\"id\":2,\"o\":false}\n{\"partition\":0,\"offset\":2,\"id\":3}\n" + String.format(row, 3, 1)
          + "{\"partition\":0,\"offset\":4,\"id\":5,\"o\":true,\"t\":\"a\\u0000b\"}\n{\"partition\":0,\"offset\":5,\"id\":6,\"o\":true,\"j\":\"{\"}\n");
      spark.readStream().schema(StructType.fromDDL("partition int, offset bigint, id bigint, b int, s int, i int, wide string, d string, f double,"
          + " g double, o boolean, t string, j string, ts string, ntz string, dt string, bin string")).json(folder.resolve("in").toString())
          .createOrReplaceTempView("things");
      Dataset<Row> typed = spark.sql(select);
      typed.writeStream().format("faultline-postgres").options(options(database, "things", claim(database, "things").generation()))
          .option("checkpointLocation", folder.resolve("cp").toString()).trigger(Trigger.AvailableNow()).start().awaitTermination();
      List<String> expected = List.of(
          "1|-128|32767|-5|9223372036854775807|-123456789012345.00001|1.5|-2.25e-300|t|\u00e9 \uD83D\uDE80|{\"a\": 1}|1969-12-31 23:59:59.999999+00|1999-12-31 12:00:00|1582-10-15|\\x78",
          "2|~|~|~|~|~|~|~|f|~|~|~|~|~|~");
      database.execute("SET timezone = 'UTC'");
      String read = "SELECT id, b, s, i, wide, d, f, g, o, t, j, ts::text, ntz::text, dt::text, bin::text FROM things ORDER BY id";
      assertEquals(expected, database.rows(read));
      assertEquals(List.of("2|null in o", "4|text has the character U+0000, which PostgreSQL can't store", "5|PostgreSQL 22P02: invalid input syntax for type json"),
          database.rows("SELECT \"offset\", reason FROM dead_letters ORDER BY 1"));
      assertEquals("2|1|3", database.one("SELECT rows, duplicates, dead_letters FROM sink_offsets WHERE partition = 0"));

      database.execute("TRUNCATE things, sink_offsets, dead_letters");
      ForeachWriter<InternalRow> writer = writer(options(database, "things", claim(database, "things").generation()), typed.schema());
      writer.open(0, 0);
      spark.read().schema(spark.table("things").schema()).json(folder.resolve("in").toString()).createOrReplaceTempView("things");
      List.of(spark.sql(select + " ORDER BY offset").queryExecution().executedPlan().executeCollect()).forEach(writer::process);
      writer.close(null);
      assertEquals(expected, database.rows(read));
    }
  }
}
