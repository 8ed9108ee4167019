package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SinkOptionsTest {
  private static final StructType KAFKA = new StructType().add("partition", "int").add("offset", "bigint").add("key", "binary").add("value", "binary");

  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  private Map<String, String> environment() {
    return Map.of("POSTGRES_HOST", "localhost", "POSTGRES_PORT", "" + Database.port(), "POSTGRES_DB", database.name,
        "POSTGRES_USER", "postgres", "POSTGRES_PASSWORD", "very-secret");
  }

  private static Map<String, String> good() {
    return new HashMap<>(Map.of("table", "payments", "topic", "payments", "generation", "1", "fields", Payments.FIELDS,
        "aggregates", Payments.AGGREGATES, "checkpointLocation", "/nowhere"));
  }

  private void refuses(String message, String option, String value) {
    Map<String, String> options = good();
    options.remove(option);
    if (value != null) {
      options.put(option, value);
    }
    refuses(message, options, KAFKA);
  }

  private void refuses(String message, Map<String, String> options, StructType schema) {
    String said = assertThrows(SinkConfigurationException.class, () -> SinkQuery.of(options, environment(), schema)).getMessage();
    assertTrue(said.contains(message), said);
    assertFalse(said.contains("\n"), said);
  }

  @Test
  void takesGoodOptionsAndHidesThePassword() {
    SinkQuery query = SinkQuery.of(good(), environment(), KAFKA);
    assertEquals(2, query.plan().target().aggregates().size());
    assertFalse(query.toString().contains("very-secret"));
  }

  @Test
  void refusesEachBadOption() {
    refuses("unknown option: chunkRow", "chunkRow", "5");
    refuses("option password is refused", "password", "x");
    refuses("option table is missing", "table", null);
    refuses("option topic is missing", "topic", null);
    refuses("option generation is missing", "generation", null);
    refuses("option generation must be a whole number", "generation", "0");
    refuses("option standby must be true or false, not maybe", "standby", "maybe");
    refuses("option generation is given with standby=true", "standby", "true");
    refuses("option holder must be the holder of the claim, not empty", "holder", " ");
    Map<String, String> standby = good();
    standby.remove("generation");
    standby.put("standby", "true");
    refuses("option holder is missing", standby, KAFKA);
    refuses("option chunkRows".toLowerCase() + " must be a whole number from 1 to 100000, not x", "chunkRows", "x");
    refuses("unknown field type: uuid", "fields", "a uuid");
    refuses("a decimal needs a precision and a scale", "fields", "a decimal");
    refuses("declared twice", "fields", "a int, a int");
    refuses("not a field", "fields", "a int,");
    refuses("table nowhere does not exist; create it with: faultline schema | psql", "table", "nowhere");
    refuses("table payments has no column other", "fields", Payments.FIELDS + ", other int");
    refuses("column note: field type int does not fit PostgreSQL type text", "fields", Payments.FIELDS.replace("note text", "note int"));
    refuses("column note is NOT NULL, but its field may be null", "fields", Payments.FIELDS.replace("note text not null", "note text"));
    refuses("column note of table payments is NOT NULL without a default", "fields", Payments.FIELDS.replace(", note text not null", ""));
    refuses("option aggregates must be a JSON array", "aggregates", "{");
    refuses("table nowhere does not exist", "aggregates", "[{\"table\":\"nowhere\",\"count\":\"events\"}]");
    refuses("x is not a field", "aggregates", Payments.AGGREGATES.replace("\"account_id\"", "\"x\""));
    refuses("has no primary key (shard)", "aggregates", "[{\"table\":\"payments_per_account\",\"count\":\"events\"}]");
    refuses("the input has no column value", good(), KAFKA.copy(java.util.Arrays.copyOf(KAFKA.fields(), 3)));
    refuses("input column offset must be BIGINT, not INT", good(), new StructType().add("partition", "int").add("offset", "int").add("value", "binary"));
    Map<String, String> typed = good();
    typed.remove("fields");
    typed.remove("aggregates");
    refuses("the input has no typed columns", typed, new StructType().add("partition", "int").add("offset", "bigint"));
    refuses("column run_id: Spark type STRING does not fit PostgreSQL type int4", typed,
        new StructType().add("partition", "int").add("offset", "bigint").add("run_id", "string"));
  }

  @Test
  void namesTheRemedyForMissingTables() throws SQLException {
    database.execute("DROP TABLE dead_letters");
    refuses("table dead_letters does not exist; create it with: faultline schema | psql", good(), KAFKA);
    database.execute("DROP TABLE sink_offsets");
    refuses("table sink_offsets does not exist", good(), KAFKA);
  }
}
