package dev.faultline.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.faultline.postgres.FieldList;
import dev.faultline.postgres.OffsetGapException;
import dev.faultline.postgres.SinkConfigurationException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PipelineFileTest {
  @Test
  void readsTheFilesOfThisRepository() {
    Path folder = Path.of(System.getProperty("faultline.initSql")).resolve("../../pipelines").normalize();
    PipelineFile payments = PipelineFile.read(folder.resolve("payments.yaml"));
    assertEquals("run_id int not null, event_id bigint not null, account_id bigint not null, type text not null, amount_cents bigint not null,"
        + " currency text not null, created_at timestamp not null, note text not null", FieldList.format(payments.fields()));
    assertEquals(6, payments.partitions());
    assertEquals(2, payments.aggregates().size());
    PipelineFile sensors = PipelineFile.read(folder.resolve("sensors.yaml"));
    assertEquals(sensors.fields(), FieldList.parse(FieldList.format(sensors.fields())));
    assertTrue(FieldList.format(sensors.fields()).contains("volts decimal(12,4) not null, ok boolean, "));
  }

  @Test
  void saysWhatIsMissing(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("p.yaml");
    assertTrue(refused(file).contains("cannot be read"));
    Files.writeString(file, "name: x\nidentity: { run: a }\n");
    assertEquals(file + ": identity.event is missing", refused(file));
    Files.writeString(file, "name: x\nidentity: { run: a, event: b }\ntopic: t\npartitions: 0\n");
    assertEquals(file + ": partitions must be a whole number above 0", refused(file));
    Files.writeString(file, "name: [\n");
    assertTrue(refused(file).startsWith(file.toString()));
  }

  @Test
  void knowsVersion1Only(@TempDir Path folder) throws IOException {
    String rest = "name: x\nidentity: { run: a, event: b }\ntopic: t\npartitions: 2\ntable: y\n";
    Path file = folder.resolve("p.yaml");
    assertEquals("x", PipelineFile.read(Files.writeString(file, rest)).name());
    assertEquals("x", PipelineFile.read(Files.writeString(file, "version: 1\n" + rest)).name());
    assertEquals("x", PipelineFile.read(Files.writeString(file, rest + "slo: { without_rows_ms: 20000 }\n")).name());
    for (String version : new String[] {"2", "0", "1.0", "\"1\"", "null", "99999999999"}) {
      Files.writeString(file, "version: " + version + "\n" + rest);
      assertEquals("pipeline " + file + ": version " + version + " is not known; this build reads version 1", refused(file));
    }
  }

  private static String refused(Path file) {
    return assertThrows(SinkConfigurationException.class, () -> PipelineFile.read(file)).getMessage();
  }

  @Test
  void tellsFailuresThatNeedAPersonFromThoseThatPass() {
    assertEquals(FailureKind.RESTART, FailureKind.of(new IllegalStateException("connection reset")));
    assertEquals(FailureKind.CONFIGURATION, FailureKind.of(new SparkException("job aborted", new SinkConfigurationException("x"))));
    assertEquals(FailureKind.DATA_LOSS, FailureKind.of(new SparkException("a", new OffsetGapException("t", 0, 1, 3, true))));
    assertEquals(FailureKind.RESTART, FailureKind.of(new SparkException("a", new OffsetGapException("t", 0, 1, 3, false))));
    assertEquals(FailureKind.FENCED, FailureKind.of(new IllegalStateException("task failed: dev.faultline.postgres.FencedException: fenced")));
    assertEquals("inner", FailureKind.message(new SparkException("outer", new IllegalStateException("inner\nmore"))));
  }
}
