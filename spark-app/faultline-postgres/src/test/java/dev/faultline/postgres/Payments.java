package dev.faultline.postgres;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** The default pipeline's table, as the tests of the core use it. */
final class Payments {
  static final String FIELDS = "run_id int not null, event_id bigint not null, account_id bigint not null, type text not null,"
      + " amount_cents bigint not null, currency text not null, created_at timestamp not null, note text not null";
  static final String AGGREGATES = """
      [{"table":"payments_per_minute","window":{"field":"created_at","size":"1m","column":"minute"},"groupBy":["type"],
        "count":"events","sums":{"amount_cents":"amount_cents_total"}},
       {"table":"payments_per_account","groupBy":["account_id"],"count":"events","sums":{"amount_cents":"amount_cents_total"}}]""";
  static final SinkTimeouts TIMEOUTS = new SinkTimeouts(2_000, 5_000, 300, 20_000);

  private Payments() {
  }

  static SinkClaim claim(Database database) throws SQLException {
    return SinkClaim.take(database.address(), TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L));
  }

  static SinkPlan plan(Database database, PostgresAddress address, long generation, int chunkRows) throws SQLException {
    List<Field> fields = FieldList.parse(FIELDS);
    try {
      SinkTarget target = TargetReader.read(database.address(), TIMEOUTS, "payments", "payments",
          fields.stream().map(Field::name).toList(), (i, c) -> {
          }, new ObjectMapper().readTree(AGGREGATES), false);
      return new SinkPlan(address, TIMEOUTS, target, "payments", generation, chunkRows);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A claim whose writers {@link #standby} makes. */
  static SinkClaim claim(Database database, String holder) throws SQLException {
    return SinkClaim.take(database.address(), TIMEOUTS, "payments", "payments", Map.of(0, 0L, 1, 0L), holder);
  }

  /** The plan of a driver that waits for the claim of {@code holder}. */
  static SinkPlan standbyPlan(Database database, String holder, int chunkRows) throws SQLException {
    SinkPlan plan = plan(database, database.address(), 0, chunkRows);
    return new SinkPlan(plan.address(), plan.timeouts(), plan.target(), plan.topic(), 0, holder, chunkRows);
  }

  static GatedWriter<byte[]> standby(SinkPlan plan, int partition) {
    return standby(plan, partition, GatedWriter.GATHER_MS);
  }

  static GatedWriter<byte[]> standby(SinkPlan plan, int partition, long gatherMs) {
    return new GatedWriter<>(plan, partition, new JsonEncoder(FieldList.parse(FIELDS), plan.target().columns()), 5, value -> value.length, gatherMs);
  }

  static PartitionWriter<byte[]> writer(SinkPlan plan, int partition) {
    return new PartitionWriter<>(plan, partition, new JsonEncoder(FieldList.parse(FIELDS), plan.target().columns()));
  }

  static PartitionWriter<byte[]> writer(Database database, long generation, int partition) throws SQLException {
    return writer(plan(database, database.address(), generation, 1_000), partition);
  }

  /** Event {@code n}: account n % 10, amount n, 7 seconds after the one before. */
  static String json(long n) {
    return json(n, "note " + n);
  }

  static String json(long n, String note) {
    return "{\"run_id\":7,\"event_id\":" + n + ",\"account_id\":" + n % 10 + ",\"type\":\"" + (n % 3 == 0 ? "refund" : "purchase")
        + "\",\"amount_cents\":" + n + ",\"currency\":\"EUR\",\"created_at\":\"2026-01-02T03:04:" + (n % 60 < 10 ? "0" : "") + n % 60
        + ".123Z\",\"note\":\"" + note + "\"}";
  }

  static void append(PartitionWriter<byte[]> writer, long offset, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    writer.append(offset, ("key " + offset).getBytes(StandardCharsets.UTF_8), bytes, bytes);
  }

  /** Offers events {@code from} to {@code to}, each at the offset of its number, and stores them. */
  static void write(PartitionWriter<byte[]> writer, long from, long to) {
    for (long n = from; n < to; n++) {
      append(writer, n, json(n));
      if (writer.isFull()) {
        writer.flush();
      }
    }
    writer.flush();
  }

  /** Rows, {@code sink_offsets} and totals of the whole table agree with each other. */
  static String state(Database database) throws SQLException {
    return database.one("""
        SELECT (SELECT count(*) FROM payments) || ' rows, sink_offsets ' || sum(rows) || '+' || sum(duplicates) || '+' || sum(dead_letters)
          || ' at ' || sum(next_offset) || ', dead ' || (SELECT count(*) FROM dead_letters)
          || CASE WHEN sum(next_offset - start_offset) = sum(rows + duplicates + dead_letters) THEN '' ELSE ', SINK_OFFSETS DOES NOT ADD UP' END
          || CASE WHEN NOT EXISTS (
            (SELECT date_trunc('minute', created_at), type, count(*), sum(amount_cents) FROM payments GROUP BY 1, 2
             EXCEPT SELECT minute, type, events, amount_cents_total FROM payments_per_minute_total)
            UNION ALL (SELECT minute, type, events, amount_cents_total FROM payments_per_minute_total
             EXCEPT SELECT date_trunc('minute', created_at), type, count(*), sum(amount_cents) FROM payments GROUP BY 1, 2)
            UNION ALL (SELECT NULL::timestamptz, account_id::text, count(*), sum(amount_cents) FROM payments GROUP BY account_id
             EXCEPT SELECT NULL::timestamptz, account_id::text, events, amount_cents_total FROM payments_per_account_total))
             THEN '' ELSE ', TOTALS DIFFER' END
        FROM sink_offsets""");
  }
}
