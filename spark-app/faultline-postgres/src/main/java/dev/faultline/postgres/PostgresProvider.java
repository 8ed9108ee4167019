package dev.faultline.postgres;

import java.util.Map;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.sources.DataSourceRegister;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** {@code df.writeStream().format("faultline-postgres")}: the sink, with either trigger. */
public final class PostgresProvider implements TableProvider, DataSourceRegister {
  @Override
  public String shortName() {
    return "faultline-postgres";
  }

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    throw new SinkConfigurationException("faultline-postgres writes streams; it cannot be read");
  }

  /** With it Spark hands over the schema of the input. */
  @Override
  public boolean supportsExternalMetadata() {
    return true;
  }

  /** Checks everything against the database, so that what is wrong is raised by {@code start()} itself and not by the query's thread. */
  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return PostgresForeachWriter.table(SinkQuery.of(properties, System.getenv(), schema));
  }
}
