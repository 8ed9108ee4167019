package dev.faultline.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Iterator;
import java.util.Map;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does with an executor's first records what a writer does, and stores none of them: encodes them, opens a connection, copies them into a
 * temporary table, rolls back. Afterwards the executor has loaded the sink, so that a task that must move there is not slowed down by that.
 */
public final class SinkRehearsal implements ForeachPartitionFunction<Row> {
  private static final Logger LOG = LoggerFactory.getLogger(SinkRehearsal.class);
  private static final int MAX_ROWS = 500;

  private final SinkQuery query;

  private SinkRehearsal(SinkQuery query) {
    this.query = query;
  }

  /** @param options those of the sink. @throws SinkUnavailableException if PostgreSQL cannot be reached */
  public static SinkRehearsal of(Map<String, String> options, StructType schema) {
    return new SinkRehearsal(SinkQuery.of(options, System.getenv(), schema));
  }

  /** Never fails: what hurts a writer is told when a writer meets it. */
  @Override
  public void call(Iterator<Row> rows) {
    RowLayout layout = query.layout();
    if (layout.isTyped()) {
      return;
    }
    JsonEncoder encoder = query.jsonEncoder();
    Chunk chunk = new Chunk();
    while (rows.hasNext() && chunk.count() < MAX_ROWS) {
      Row row = rows.next();
      byte[] value = (byte[]) row.get(layout.value());
      chunk.append(row.getLong(layout.offset()), null, value, value, encoder);
    }
    try (Connection connection = query.plan().address().connect("faultline-rehearsal", query.plan().timeouts())) {
      copy(connection, chunk);
      connection.rollback();
    } catch (SQLException e) {
      LOG.info("the rehearsal of {} ended early: {}", query.plan().target().target(), e.getMessage());
    }
  }

  private void copy(Connection connection, Chunk chunk) throws SQLException {
    SinkTarget target = query.plan().target();
    try (Statement statement = connection.createStatement()) {
      statement.execute("CREATE TEMP TABLE faultline_rehearsal (LIKE " + target.pgTable().sqlName() + ") ON COMMIT DROP");
    }
    CopyIn in = connection.unwrap(PGConnection.class).getCopyAPI()
        .copyIn("COPY faultline_rehearsal (" + Sql.columns(target.columnNames()) + ") FROM STDIN (FORMAT binary)");
    in.writeToCopy(CopyBuffer.HEADER, 0, CopyBuffer.HEADER.length);
    if (chunk.rows().length() > 0) {
      in.writeToCopy(chunk.rows().bytes(), 0, chunk.rows().length());
    }
    in.writeToCopy(CopyBuffer.TRAILER, 0, CopyBuffer.TRAILER.length);
    in.endCopy();
  }
}
