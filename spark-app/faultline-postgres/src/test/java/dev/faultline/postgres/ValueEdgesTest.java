package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values that PostgreSQL would change without a word, or take for something else: they are stored exactly or become dead letters. */
class ValueEdgesTest {
  private Database database;

  @BeforeEach
  void open() throws SQLException {
    database = new Database();
  }

  @AfterEach
  void close() throws SQLException {
    database.close();
  }

  /** Offers values of one member {@code v}, each in a record of its own. */
  private void write(String field, String aggregates, String... values) throws SQLException, JsonProcessingException {
    List<Field> fields = FieldList.parse("id bigint not null, v " + field);
    SinkTarget target = TargetReader.read(database.address(), SinkTimeouts.DEFAULT, "things", "things", List.of("id", "v"), (i, c) -> {
    }, aggregates == null ? null : new ObjectMapper().readTree(aggregates), false);
    long generation = SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, "things", "t", Map.of(0, 0L)).generation();
    try (PartitionWriter<byte[]> writer = new PartitionWriter<>(new SinkPlan(database.address(), SinkTimeouts.DEFAULT, target, "t", generation, 100), 0,
        new JsonEncoder(fields, target.columns()))) {
      for (int i = 0; i < values.length; i++) {
        Payments.append(writer, i, "{\"id\":" + i + ",\"v\":" + values[i] + "}");
      }
      writer.flush();
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = ';', value = {
      "numeric(3,-2); decimal(9,0) not null; 12300; 12300",
      "numeric(3,-2); decimal(9,0) not null; 12345; v has more than -2 digits after the decimal point",
      "numeric(3,-2); int not null; 12345; v has more than -2 digits after the decimal point",
      "numeric(3,-2); int not null; 99900; 99900",
      "numeric(3,-2); int not null; 123400; v is out of range",
      "numeric(2,4); decimal(9,4) not null; 0.0012; 0.0012",
      "numeric(2,4); decimal(9,4) not null; 0.0123; v is out of range",
      "numeric; decimal(9,2) not null; 1.5; 1.50",
      "varchar(3); text not null; \"äöü\"; äöü",
      "varchar(3); text not null; \"abc \"; v has more than 3 characters",
      "varchar(3); text not null; \"ab \"; ab ",
      "timestamptz(3); timestamp not null; \"2026-01-02T03:04:05.123Z\"; 2026-01-02 03:04:05.123+00",
      "timestamptz(3); timestamp not null; \"2026-01-02T03:04:05.123400Z\"; v has more than 3 digits after the second",
      "timestamptz(0); timestamp not null; \"2026-01-02T03:04:05.5Z\"; v has more than 0 digits after the second",
      "timestamptz; timestamp not null; \"0001-01-01T00:00:00Z\"; 0001-01-01 00:00:00+00",
      "timestamptz; timestamp not null; \"1582-10-10T00:00:00Z\"; 1582-10-10 00:00:00+00",
      "timestamptz; timestamp not null; \"infinity\"; v: not a timestamp",
      "float8; float not null; NaN; 'not JSON'",
      "text; text not null; \"a\\u0000b\"; 'text has the character U+0000, which PostgreSQL can''t store'"})
  void storesExactlyOrNotAtAll(String column, String field, String value, String stored) throws Exception {
    database.execute("SET timezone = 'UTC'; CREATE TABLE things (id bigint PRIMARY KEY, v " + column + ")");
    write(field, null, value);
    String found = database.one("SELECT coalesce((SELECT v::text FROM things), (SELECT reason FROM dead_letters))");
    assertEquals(stored, found.startsWith("not JSON") ? "not JSON" : stored.endsWith(" ") ? found : found.stripTrailing());
  }

  @Test
  void mergesGroupsThatAreEqualForPostgresOnly() throws Exception {
    for (String[] one : new String[][] {{"bpchar(5)", "text", "\"a\"", "\"a \""}, {"numeric", "decimal(9,3)", "\"1.5\"", "\"1.500\""}}) {
      database.execute("CREATE TABLE things (id bigint PRIMARY KEY, v " + one[0] + " NOT NULL);"
          + "CREATE TABLE per_v (v " + one[0] + ", shard int, events bigint NOT NULL, ids bigint NOT NULL, PRIMARY KEY (v, shard))");
      write(one[1] + " not null", "[{\"table\":\"per_v\",\"groupBy\":[\"v\"],\"count\":\"events\",\"sums\":{\"id\":\"ids\"}}]", one[2], one[3], one[2]);
      assertEquals("3|3", database.one("SELECT events, ids FROM per_v"), one[0]);
      assertEquals(List.of(), database.rows("SELECT reason FROM dead_letters"));
      database.execute("DROP TABLE things, per_v; TRUNCATE sink_offsets");
    }
  }

  @Test
  void refusesToGroupUnderACollationOfItsOwnEquality() throws Exception {
    database.execute("CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
        + "CREATE TABLE things (id bigint PRIMARY KEY, v text NOT NULL);"
        + "CREATE TABLE per_v (v text COLLATE any_case, shard int, events bigint NOT NULL, PRIMARY KEY (v, shard))");
    String message = assertThrows(SinkConfigurationException.class,
        () -> write("text not null", "[{\"table\":\"per_v\",\"groupBy\":[\"v\"],\"count\":\"events\"}]", "\"a\"")).getMessage();
    assertEquals("aggregate per_v: cannot group by v, whose collation takes different texts for equal", message);
  }

  @Test
  void refusesToGroupByAColumnThatWouldRound() throws Exception {
    database.execute("CREATE TABLE things (id bigint PRIMARY KEY, v numeric(12,4) NOT NULL);"
        + "CREATE TABLE per_v (v numeric(10,2), shard int, events bigint NOT NULL, PRIMARY KEY (v, shard))");
    String message = assertThrows(SinkConfigurationException.class,
        () -> write("decimal(12,4) not null", "[{\"table\":\"per_v\",\"groupBy\":[\"v\"],\"count\":\"events\"}]", "1.001")).getMessage();
    assertTrue(message.startsWith("aggregate per_v: column v is not of the same type as in things"), message);
  }

  @Test
  void groupsByDatesOfAllYears() throws Exception {
    database.execute("CREATE TABLE things (id bigint PRIMARY KEY, v date NOT NULL); CREATE TABLE per_v (v date, shard int, events bigint NOT NULL, PRIMARY KEY (v, shard))");
    SinkTarget target = TargetReader.read(database.address(), SinkTimeouts.DEFAULT, "things", "things", List.of("id", "v"), (i, c) -> {
    }, new ObjectMapper().readTree("[{\"table\":\"per_v\",\"groupBy\":[\"v\"],\"count\":\"events\"}]"), false);
    long generation = SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, "things", "t", Map.of(0, 0L)).generation();
    StructType schema = new StructType().add("id", DataTypes.LongType).add("v", DataTypes.DateType);
    try (PartitionWriter<RowValues> writer = new PartitionWriter<>(new SinkPlan(database.address(), SinkTimeouts.DEFAULT, target, "t", generation, 100), 0,
        new TypedEncoder(schema, new int[] {0, 1}, target.columns()))) {
      int[] days = {0, -719_528, -719_529 - 400, 3_000_000, -141_430};
      for (int i = 0; i < days.length; i++) {
        writer.append(i, null, null, new InternalRowValues(schema).of(new GenericInternalRow(new Object[] {(long) i, days[i]})));
      }
      writer.flush();
    }
    assertEquals(List.of(), database.rows("SELECT v FROM things EXCEPT SELECT v FROM per_v"));
    assertEquals("5", database.one("SELECT count(*) FROM per_v"));
  }

  private static void encode(DataType type, String column, Object value) throws MalformedRecordException {
    StructType schema = new StructType().add("v", type);
    new TypedEncoder(schema, new int[] {0}, List.of(PgColumn.of("v", column, true, false, false, true, -1)))
        .encode(new InternalRowValues(schema).of(new GenericInternalRow(new Object[] {value})), new CopyBuffer());
  }

  @Test
  void refusesWhatPostgresWouldTakeForInfinite() throws MalformedRecordException {
    long[] micros = {Long.MIN_VALUE, Long.MIN_VALUE + IsoTime.POSTGRES_EPOCH_MICROS, -211_813_488_000_000_000L + IsoTime.POSTGRES_EPOCH_MICROS - 1};
    for (long one : micros) {
      assertThrows(MalformedRecordException.class, () -> encode(DataTypes.TimestampType, "timestamptz", one), "" + one);
      assertThrows(MalformedRecordException.class, () -> encode(DataTypes.TimestampNTZType, "timestamp", one), "" + one);
    }
    encode(DataTypes.TimestampType, "timestamptz", -211_813_488_000_000_000L + IsoTime.POSTGRES_EPOCH_MICROS);
    for (int one : new int[] {Integer.MIN_VALUE, Integer.MAX_VALUE, Integer.MIN_VALUE + 10_957, -2_451_545 + 10_956}) {
      assertThrows(MalformedRecordException.class, () -> encode(DataTypes.DateType, "date", one), "" + one);
    }
    encode(DataTypes.DateType, "date", -2_451_545 + 10_957);
  }
}
