package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.BitSet;
import java.util.List;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/**
 * The slow path of a chunk that contains duplicates: a temporary table and ON CONFLICT DO NOTHING on the identity.
 *
 * <p>A record is a duplicate only if the table has the same row, to the bit. The same identity with other content is another event: its bytes must not be lost.
 */
final class DuplicateFilter {
  private static final String CHUNK = "pg_temp.faultline_chunk";
  private static final String ORDINAL = "faultline_ordinal";

  /**
   * Records of a chunk, counted from its first one.
   *
   * @param inserted which were inserted; of equal ones the first
   * @param conflicting those whose identity has a row with other content, or none, because a trigger dropped it
   */
  record Result(BitSet inserted, BitSet conflicting) {
  }

  private DuplicateFilter() {
  }

  /** For a target with an identity. The temporary table lives as long as the transaction: behind a pooler the next one may be in another session. */
  static Result insert(Connection connection, SinkTarget target, Chunk chunk, int from, int to) throws SQLException {
    List<String> names = target.columnNames();
    String table = target.pgTable().sqlName();
    String columns = Sql.columns(names);
    String identity = Sql.columns(target.identity());
    BitSet inserted = new BitSet(to - from);
    BitSet conflicting = new BitSet(to - from);
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMP TABLE faultline_chunk ON COMMIT DROP AS SELECT 0 AS " + ORDINAL + ", " + columns + " FROM " + table + " WITH NO DATA");
      CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI()
          .copyIn("COPY " + CHUNK + " (" + ORDINAL + ", " + columns + ") FROM STDIN (FORMAT binary)");
      CopyBuffer numbered = numbered(chunk, from, to, names.size() + 1);
      in.writeToCopy(CopyBuffer.HEADER, 0, CopyBuffer.HEADER.length);
      in.writeToCopy(numbered.bytes(), 0, numbered.length());
      in.writeToCopy(CopyBuffer.TRAILER, 0, CopyBuffer.TRAILER.length);
      in.endCopy();
      set(inserted, statement, "WITH inserted AS (INSERT INTO " + table + " (" + columns + ") OVERRIDING SYSTEM VALUE SELECT " + each("c", names) + " FROM " + CHUNK
          + " c ORDER BY c." + ORDINAL + " ON CONFLICT (" + identity + ") DO NOTHING RETURNING " + identity
          + ") SELECT min(c." + ORDINAL + ") FROM inserted JOIN " + CHUNK + " c USING (" + identity + ") GROUP BY " + identity);
      // *<> compares the stored bytes, also of types that have no equality: https://www.postgresql.org/docs/18/functions-comparisons.html#COMPOSITE-TYPE-COMPARISON
      set(conflicting, statement, "SELECT c." + ORDINAL + " FROM " + CHUNK + " c LEFT JOIN " + table + " t USING (" + identity + ") WHERE ROW("
          + each("c", names) + ")::record *<> ROW(" + each("t", names) + ")::record");
    }
    // an allowed trigger may have changed what was inserted just now
    conflicting.andNot(inserted);
    return new Result(inserted, conflicting);
  }

  private static String each(String alias, List<String> names) {
    return names.stream().map(c -> alias + "." + Sql.quote(c)).collect(Collectors.joining(", "));
  }

  private static void set(BitSet bits, Statement statement, String query) throws SQLException {
    try (ResultSet row = statement.executeQuery(query)) {
      while (row.next()) {
        bits.set(row.getInt(1));
      }
    }
  }

  private static CopyBuffer numbered(Chunk chunk, int from, int to, int fields) {
    CopyBuffer numbered = new CopyBuffer();
    for (int record = from; record < to; record++) {
      if (!chunk.isDead(record)) {
        numbered.putFieldCount(fields);
        numbered.putInt4(record - from);
        numbered.putRaw(chunk.rows().bytes(), chunk.start(record) + 2, chunk.end(record));
      }
    }
    return numbered;
  }
}
