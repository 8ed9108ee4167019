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

/** The slow path of a chunk that contains duplicates: a temporary table and ON CONFLICT DO NOTHING. */
final class DuplicateFilter {
  private static final String CHUNK = "pg_temp.faultline_chunk";
  private static final String ORDINAL = "faultline_ordinal";

  private DuplicateFilter() {
  }

  /**
   * @param exists whether this session has the temporary table
   * @return which of the records, counted from {@code from}, were inserted; of equal ones the first
   */
  static BitSet insert(Connection connection, SinkTarget target, Chunk chunk, int from, int to, boolean exists) throws SQLException {
    if (target.identity().isEmpty()) {
      throw new SQLException("duplicated row for " + target.table() + ", which has no unique key among the written columns", "42P10");
    }
    List<String> names = target.columnNames();
    String columns = Sql.columns(names);
    String chunkColumns = names.stream().map(c -> "c." + Sql.quote(c)).collect(Collectors.joining(", "));
    String identity = Sql.columns(target.identity());
    BitSet inserted = new BitSet(to - from);
    try (Statement statement = connection.createStatement()) {
      if (!exists) {
        statement.execute("CREATE TEMP TABLE IF NOT EXISTS faultline_chunk ON COMMIT DELETE ROWS AS SELECT 0 AS "
            + ORDINAL + ", " + columns + " FROM " + target.pgTable().sqlName() + " WITH NO DATA");
      }
      CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI()
          .copyIn("COPY " + CHUNK + " (" + ORDINAL + ", " + columns + ") FROM STDIN (FORMAT binary)");
      CopyBuffer numbered = numbered(chunk, from, to, names.size() + 1);
      in.writeToCopy(CopyBuffer.HEADER, 0, CopyBuffer.HEADER.length);
      in.writeToCopy(numbered.bytes(), 0, numbered.length());
      in.writeToCopy(CopyBuffer.TRAILER, 0, CopyBuffer.TRAILER.length);
      in.endCopy();
      try (ResultSet row = statement.executeQuery("WITH inserted AS (INSERT INTO " + target.pgTable().sqlName() + " (" + columns
          + ") SELECT " + chunkColumns + " FROM " + CHUNK + " c ORDER BY c." + ORDINAL + " ON CONFLICT DO NOTHING RETURNING " + identity
          + ") SELECT min(c." + ORDINAL + ") FROM inserted JOIN " + CHUNK + " c USING (" + identity + ") GROUP BY " + identity)) {
        while (row.next()) {
          inserted.set(row.getInt(1));
        }
      }
    }
    return inserted;
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
