package dev.faultline.postgres;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.SupportsWrite;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.write.LogicalWriteInfo;
import org.apache.spark.sql.connector.write.Write;
import org.apache.spark.sql.connector.write.WriteBuilder;
import org.apache.spark.sql.connector.write.streaming.StreamingWrite;
import org.apache.spark.sql.types.StructType;

/** The table that Spark asks for a write, once per micro-batch. */
final class PostgresStreamTable implements SupportsWrite {
  private record Key(Map<String, String> options, StructType schema) {
  }

  /** Spark plans the write again for each micro-batch; the sink asks the database once. */
  private final Map<Key, SinkQuery> queries = new ConcurrentHashMap<>();

  @Override
  public String name() {
    return "faultline-postgres";
  }

  @Override
  public Column[] columns() {
    return new Column[0];
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.STREAMING_WRITE, TableCapability.ACCEPT_ANY_SCHEMA);
  }

  @Override
  public WriteBuilder newWriteBuilder(LogicalWriteInfo info) {
    return new WriteBuilder() {
      @Override
      public Write build() {
        return new Write() {
          @Override
          public String description() {
            return "faultline-postgres";
          }

          @Override
          public StreamingWrite toStreaming() {
            Map<String, String> options = new HashMap<>(info.options().asCaseSensitiveMap());
            return new PostgresStreamingWrite(queries.computeIfAbsent(new Key(options, info.schema()),
                key -> SinkQuery.of(key.options(), System.getenv(), key.schema())));
          }
        };
      }
    };
  }
}
