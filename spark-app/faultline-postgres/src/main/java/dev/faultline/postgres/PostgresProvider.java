package dev.faultline.postgres;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** {@code df.writeStream().format("faultline-postgres")}: the sink for micro-batches. */
public final class PostgresProvider implements TableProvider, DataSourceRegister {
  @Override
  public String shortName() {
    return "faultline-postgres";
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return new StructType();
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    // raises what is wrong with the options from start() itself, not from the query's thread
    if (new SinkOptions(properties, System.getenv()).isStandby()) {
      throw new SinkConfigurationException("option standby is for PostgresForeachWriter only, with either trigger; or start this query after the claim");
    }
    return new PostgresStreamTable();
  }
}
