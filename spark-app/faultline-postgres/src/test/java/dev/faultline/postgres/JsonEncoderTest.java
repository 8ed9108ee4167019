package dev.faultline.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonEncoderTest {
  private static final String FIELDS = "id bigint not null, i int, f float, d decimal(12,4), b boolean, t text, ts timestamp,"
      + " dt date, bin binary, j json";

  static List<Map.Entry<String, String>> malformed() {
    return List.of(
        Map.entry("{\"id\":1,\"t\":\"cut", "not JSON"),
        Map.entry("{\"id\":1,", "not JSON"),
        Map.entry("{\"id\":1} {}", "something follows"),
        Map.entry("{\"id\":1}x", "not JSON"),
        Map.entry("[1]", "not a JSON object"),
        Map.entry("7", "not a JSON object"),
        Map.entry("null", "not a JSON object"),
        Map.entry(" ", "not a JSON object"),
        Map.entry("", "value is empty"),
        Map.entry("{}", "missing member id"),
        Map.entry("{\"i\":1}", "missing member id"),
        Map.entry("{\"id\":null}", "null in id"),
        Map.entry("{\"id\":\"1\"}", "id is not of type bigint"),
        Map.entry("{\"id\":1.0}", "id is not of type bigint"),
        Map.entry("{\"id\":true}", "id is not of type bigint"),
        Map.entry("{\"id\":9223372036854775808}", "id is out of range"),
        Map.entry("{\"id\":1,\"i\":2147483648}", "i is out of range"),
        Map.entry("{\"id\":1,\"i\":-2147483649}", "i is out of range"),
        Map.entry("{\"id\":1,\"id\":2}", "duplicate member id"),
        Map.entry("{\"id\":1,\"x\":2,\"x\":2}", "duplicate member x"),
        Map.entry("{\"id\":1,\"f\":\"1.5\"}", "f is not of type float"),
        Map.entry("{\"id\":1,\"f\":1e999}", "f is out of range"),
        Map.entry("{\"id\":1,\"f\":NaN}", "not JSON"),
        Map.entry("{\"id\":1,\"d\":\"1.23456\"}", "d has more than 4 digits"),
        Map.entry("{\"id\":1,\"d\":\"123456789.0000\"}", "d is out of range"),
        Map.entry("{\"id\":1,\"d\":1e1000000000}", "d is out of range"),
        Map.entry("{\"id\":1,\"d\":\"1e3\"}", "d is not a decimal"),
        Map.entry("{\"id\":1,\"d\":\"\"}", "d is not a decimal"),
        Map.entry("{\"id\":1,\"d\":\"-\"}", "d is not a decimal"),
        Map.entry("{\"id\":1,\"d\":\"1.\"}", "d is not a decimal"),
        Map.entry("{\"id\":1,\"b\":0}", "b is not of type boolean"),
        Map.entry("{\"id\":1,\"t\":1}", "t is not of type text"),
        Map.entry("{\"id\":1,\"t\":\"a\\u0000b\"}", "U+0000"),
        Map.entry("{\"id\":1,\"t\":\"\\ud800\"}", "surrogate"),
        Map.entry("{\"id\":1,\"ts\":\"2026-02-30T00:00:00.000Z\"}", "ts: not a timestamp"),
        Map.entry("{\"id\":1,\"ts\":\"2026-02-03 00:00:00.000Z\"}", "ts: not a timestamp"),
        Map.entry("{\"id\":1,\"ts\":\"2026-02-03T00:00:00.000\"}", "ts: not a timestamp"),
        Map.entry("{\"id\":1,\"ts\":\"2026-02-03T24:00:00.000Z\"}", "ts: not a timestamp"),
        Map.entry("{\"id\":1,\"ts\":\"2026-02-03T00:00:00.0000001Z\"}", "finer than a microsecond"),
        Map.entry("{\"id\":1,\"dt\":\"2026-13-01\"}", "dt: not a date"),
        Map.entry("{\"id\":1,\"dt\":\"2026-1-01\"}", "dt: not a date"),
        Map.entry("{\"id\":1,\"bin\":\"QQ\"}", "bin is not base64"),
        Map.entry("{\"id\":1,\"bin\":\"Q!==\"}", "bin is not base64"),
        Map.entry("{\"id\":1,\"j\":{\"a\":}", "not JSON"));
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void refuses(Map.Entry<String, String> example) {
    refuses(example.getKey().getBytes(StandardCharsets.UTF_8), example.getValue());
  }

  @Test
  void refusesBytesThatAreNotUtf8() {
    refuses(null, "value is null");
    for (String bytes : new String[] {"\u00ff", "\u00c0\u00af", "\u00ed\u00a0\u0080", "\u00f4\u0090\u0080\u0080", "\u00c3", "\u00e2\u0082", "\u0080"}) {
      refuses(("{\"id\":1,\"t\":\"" + bytes + "\"}").getBytes(StandardCharsets.ISO_8859_1), "value is not UTF-8");
    }
  }

  private static void refuses(byte[] value, String reason) {
    List<Field> fields = FieldList.parse(FIELDS);
    List<PgColumn> columns = fields.stream().map(f -> new PgColumn(f.name(), f.type() == FieldType.INT ? "int4"
        : f.type() == FieldType.JSON ? "jsonb" : "int8", false, false, false, true, -1, PgColumn.UNLIMITED)).toList();
    JsonEncoder encoder = new JsonEncoder(fields, columns);
    MalformedRecordException e = assertThrows(MalformedRecordException.class, () -> encoder.encode(value, new CopyBuffer()));
    assertEquals(true, e.getMessage().contains(reason), e.getMessage());
  }

  @Test
  void storesEveryTypeAsPostgresReadsItsText() throws SQLException {
    try (Database database = new Database()) {
      database.execute("CREATE TABLE things (id bigint PRIMARY KEY, i integer, f double precision, d numeric(12,4), b boolean,"
          + " t text, ts timestamptz, dt date, bin bytea, j jsonb)");
      String[] values = {
          "{\"id\":1,\"i\":-2147483648,\"f\":-1.5e-300,\"d\":\"-99999999.9999\",\"b\":true,\"t\":\"\",\"ts\":\"1901-01-01T00:00:00.001Z\",\"dt\":\"1969-06-01\",\"bin\":\"\",\"j\":{\"a\":[1,null,{\"b\":\"\\u00e9\"}]}}",
          // out of order, with white space, an unknown member, a nested one too, and members left out
          "{ \"t\" : \"emoji \uD83D\uDE80 \u00e9 \u20ac \\n\\\"\" , \"x\":{\"id\":5}, \"id\":2, \"d\":0.5, \"b\":false, \"j\":\"text\" }",
          "{\"id\":3,\"i\":null,\"f\":null,\"d\":null,\"b\":null,\"t\":null,\"ts\":null,\"dt\":null,\"bin\":null,\"j\":null}",
          "{\"id\":-9223372036854775808,\"i\":2147483647,\"f\":0,\"d\":\"0.0000\",\"b\":false,\"t\":\"x\",\"ts\":\"2099-12-31T23:59:59.999Z\",\"dt\":\"2038-12-31\",\"bin\":\"AP8=\",\"j\":-1.50}",
          "{\"id\":4,\"d\":\"10000.0001\",\"ts\":\"2000-02-29T12:00:00+02:00\",\"j\":[ ]}",
          "{\"id\":5,\"d\":\"-0.0001\",\"j\":true}"};
      SinkTarget target = TargetReader.read(database.address(), SinkTimeouts.DEFAULT, "things", "things",
          FieldList.parse(FIELDS).stream().map(Field::name).toList(), (i, c) -> {
          }, null, false);
      long generation = SinkClaim.take(database.address(), SinkTimeouts.DEFAULT, "things", "t", Map.of(0, 0L)).generation();
      try (PartitionWriter<byte[]> writer = new PartitionWriter<>(new SinkPlan(database.address(), SinkTimeouts.DEFAULT, target,
          "t", generation, 100), 0, new JsonEncoder(FieldList.parse(FIELDS), target.columns()))) {
        for (int i = 0; i < values.length; i++) {
          Payments.append(writer, i, values[i]);
        }
        writer.flush();
      }
      assertEquals(List.of(), database.rows("SELECT reason FROM dead_letters"));
      database.execute("SET timezone = 'UTC'");
      assertEquals(List.of(
          "-9223372036854775808|2147483647|0|0.0000|f|x|2099-12-31 23:59:59.999+00|2038-12-31|\\x00ff|-1.50",
          "1|-2147483648|-1.5e-300|-99999999.9999|t||1901-01-01 00:00:00.001+00|1969-06-01|\\x|{\"a\": [1, null, {\"b\": \"\u00e9\"}]}",
          "2|~|~|0.5000|f|emoji \uD83D\uDE80 \u00e9 \u20ac \n\"|~|~|~|\"text\"",
          "3|~|~|~|~|~|~|~|~|~",
          "4|~|~|10000.0001|~|~|2000-02-29 10:00:00+00|~|~|[]",
          "5|~|~|-0.0001|~|~|~|~|~|true"),
          database.rows("SELECT id, i, f, d, b, t, ts::text, dt, bin::text, j FROM things ORDER BY id"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "0.00", "1", "-1", "9999", "10000", "10000.0001", "0.0001", "0.00001", "123456789012345678901234567890.123456789",
      "-99999999999999999999", "1000000000000", "0.10", "120000000", "281474976710655.999", "-0.000000000000000001"})
  void writesNumericsThatItReadsBack(String text) throws SQLException {
    CopyBuffer buffer = new CopyBuffer();
    NumericFormat.put(buffer, new BigDecimal(text));
    assertEquals(new BigDecimal(text), NumericFormat.read(buffer, 4));
  }
}
