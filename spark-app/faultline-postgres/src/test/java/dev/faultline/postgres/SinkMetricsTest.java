package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SinkMetricsTest {
  private static final StructType RECORD = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");

  @TempDir
  Path folder;

  /** The counters are of the whole JVM, so a test looks at what came on top. */
  private final SinkTotals before = SinkMetrics.totals();

  private String added() {
    SinkTotals now = SinkMetrics.totals();
    return now.rows() - before.rows() + " rows, " + (now.duplicates() - before.duplicates()) + " duplicates, "
        + (now.deadLetters() - before.deadLetters()) + " dead letters, " + (now.chunks() - before.chunks()) + " chunks, "
        + (now.retries() - before.retries()) + " retries";
  }

  @Test
  void countsWhatWasCommitted() throws SQLException {
    try (Database database = new Database()) {
      long generation = Payments.claim(database).generation();
      long startNanos = System.nanoTime();
      try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
        Payments.write(writer, 0, 2_500);
        assertEquals("2500 rows, 0 duplicates, 0 dead letters, 3 chunks, 0 retries", added());
        Payments.append(writer, 2_500, Payments.json(7));
        Payments.append(writer, 2_501, "{");
        Payments.append(writer, 2_502, Payments.json(2_502));
        writer.flush();
      }
      assertEquals("2501 rows, 1 duplicates, 1 dead letters, 4 chunks, 0 retries", added());
      long spentNanos = SinkMetrics.totals().commitNanos() - before.commitNanos();
      assertTrue(spentNanos > 0 && spentNanos < System.nanoTime() - startNanos, spentNanos + " ns");
      // a replay commits nothing
      try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
        Payments.write(writer, 0, 100);
      }
      assertEquals("2501 rows, 1 duplicates, 1 dead letters, 4 chunks, 0 retries", added());
    }
  }

  @Test
  void countsARetryAndNotWhatWasRolledBack() throws Exception {
    try (Database database = new Database()) {
      long generation = Payments.claim(database).generation();
      try (PartitionWriter<byte[]> writer = Payments.writer(database, generation, 0)) {
        Payments.write(writer, 0, 10);
        database.execute("SELECT pg_terminate_backend(writer_pid) FROM sink_offsets WHERE partition = 0");
        Payments.write(writer, 10, 20);
      }
      assertEquals("20 rows, 0 duplicates, 0 dead letters, 2 chunks, 1 retries", added());
    }
  }

  /** Both front ends under the plugin, and what a scraper of the driver's web server reads. */
  @Test
  void theDriverShowsTheSumInPrometheusFormat() throws Exception {
    SparkSession spark = SparkSession.builder().master("local[2]").config("spark.plugins", SinkMetricsPlugin.class.getName())
        .config("spark.ui.enabled", "true").config("spark.ui.port", "0")
        .config("spark.metrics.conf.driver.sink.prometheusServlet.class", "org.apache.spark.metrics.sink.PrometheusServlet")
        .config("spark.metrics.conf.driver.sink.prometheusServlet.path", "/metrics/prometheus").getOrCreate();
    try (Database database = new Database()) {
      Map<String, String> options = new HashMap<>(Map.of("host", "localhost", "port", "" + Database.port(), "database", database.name,
          "user", "postgres", "table", "payments", "topic", "payments", "fields", Payments.FIELDS,
          "generation", "" + Payments.claim(database).generation()));
      String url = spark.sparkContext().uiWebUrl().get() + "/metrics/prometheus/";
      long rows = before.rows();

      StringBuilder lines = new StringBuilder();
      for (long n = 0; n < 30; n++) {
        lines.append(new ObjectMapper().writeValueAsString(Map.of("partition", 0, "offset", n, "value", Payments.json(n)))).append('\n');
      }
      Files.writeString(Files.createDirectories(folder.resolve("in")).resolve("1.json"), lines);
      spark.readStream().schema("partition int, offset bigint, value string").json(folder.resolve("in").toString())
          .selectExpr("partition", "offset", "cast(value as binary) value").writeStream().format("faultline-postgres").options(options)
          .option("checkpointLocation", folder.resolve("checkpoint").toString()).trigger(Trigger.AvailableNow()).start().awaitTermination();
      assertEquals(rows + 30, scrape(url, metrics -> metrics.getOrDefault("rows_total", 0.0) >= rows + 30).get("rows_total"));

      PostgresForeachWriter writer = new PostgresForeachWriter(SinkQuery.of(options, System.getenv(), RECORD));
      writer.open(1, 0);
      for (long n = 0; n < 50; n++) {
        writer.process(record(n));
      }
      // the writer of Real-time Mode is open, its task has not ended, and the rows are shown all the same
      Map<String, Double> shown = scrape(url, metrics -> metrics.get("rows_total") >= rows + 80);
      writer.close(null);
      assertEquals(rows + 80, shown.get("rows_total"));
      assertEquals("[chunks_total, commit_seconds_total, dead_letters_total, duplicate_events_total, retries_total, rewound_total, rows_total]",
          shown.keySet().toString());
      assertTrue(shown.get("commit_seconds_total") > 0 && shown.get("commit_seconds_total") < 60, shown.toString());
    } finally {
      spark.stop();
    }
  }

  private static InternalRow record(long n) {
    return new GenericInternalRow(new Object[] {1, n, null, Payments.json(1_000_000 + n).getBytes(StandardCharsets.UTF_8)});
  }

  /** The sink's lines in a scrape, as soon as they are as expected; the last ones after 20 s. The pattern is that of the Prometheus configuration. */
  private static Map<String, Double> scrape(String url, Predicate<Map<String, Double>> expected) throws Exception {
    Pattern line = Pattern.compile("metrics_.+_driver_plugin_dev_faultline_postgres_SinkMetricsPlugin_(\\w+)_Value\\{type=\"gauges\"} (\\S+)");
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (true) {
      HttpResponse<String> response = HttpClient.newHttpClient().send(HttpRequest.newBuilder(URI.create(url)).build(),
          HttpResponse.BodyHandlers.ofString());
      assertEquals(200, response.statusCode());
      Map<String, Double> found = new TreeMap<>();
      Matcher matcher = line.matcher(response.body());
      while (matcher.find()) {
        found.put(matcher.group(1), Double.valueOf(matcher.group(2)));
      }
      if (expected.test(found) || System.nanoTime() > deadline) {
        return found;
      }
      Thread.sleep(20);
    }
  }
}
