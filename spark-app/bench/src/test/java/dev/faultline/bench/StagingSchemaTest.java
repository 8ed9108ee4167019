package dev.faultline.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingSchemaTest {
  @Test
  void readsTheDefaultPipelines() throws Exception {
    StagingSchema payments = StagingSchema.read(Path.of("../../pipelines/payments.yaml"));
    assertEquals("payments", payments.topic());
    assertEquals("\"run_id\", \"event_id\", \"account_id\", \"type\", \"amount_cents\", \"currency\", \"created_at\", \"note\"", payments.columnList());
    assertEquals(DataTypes.TimestampType, payments.columns().apply("created_at").dataType());
    StagingSchema sensors = StagingSchema.read(Path.of("../../pipelines/sensors.yaml"));
    assertEquals(DataTypes.createDecimalType(12, 4), sensors.columns().apply("volts").dataType());
    assertEquals(DataTypes.BinaryType, sensors.columns().apply("raw").dataType());
  }

  @Test
  void namesWhatIsMissing(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("p.yaml"), "topic: t\nidentity: { run: r, event: e }\n");
    assertEquals("the pipeline file lacks table", assertThrows(IllegalArgumentException.class, () -> StagingSchema.read(file)).getMessage());
  }

  @Test
  void argumentsHaveDefaultsAndAreChecked() {
    StagingArguments given = StagingArguments.parse(new String[] {"--pipeline", "p", "--brokers", "b:1", "--checkpoint", "c", "--rewrite-batched-inserts"});
    assertEquals(300_000, given.maxOffsetsPerBatch());
    assertEquals(true, given.rewrite());
    assertEquals("unknown flag: --nope (see --help)",
        assertThrows(IllegalArgumentException.class, () -> StagingArguments.parse(new String[] {"--nope"})).getMessage());
    assertEquals("--until-rows must be a whole number above 0, not 0", assertThrows(IllegalArgumentException.class, () -> StagingArguments.parse(
        new String[] {"--pipeline", "p", "--brokers", "b:1", "--checkpoint", "c", "--until-rows", "0"})).getMessage());
  }
}
