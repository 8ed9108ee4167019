package dev.faultline.source;

import dev.faultline.postgres.PostgresAddress;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.catalog.TableProvider;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.connector.metric.CustomMetric;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.streaming.MicroBatchStream;
import org.apache.spark.sql.kafka010.KafkaMicroBatchStream;
import org.apache.spark.sql.kafka010.KafkaSourceProvider;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/**
 * Spark's Kafka source for streams, except that a task that runs again begins where the sink's table is, instead of at the beginning of its epoch:
 * in Real-time Mode an epoch lasts for minutes, and all of it would be read again and thrown away before the first new row.
 *
 * <p>Use the class's name as format. All options of {@code kafka} apply, and {@link #TABLE}, {@link #TOPIC}, {@link #HOLDER} and {@link #HOME}.
 */
public final class ResumingKafka implements TableProvider {
  /** Option: the sink's table. */
  public static final String TABLE = "resumeTable";
  /** Option: the topic under which the sink keeps the offsets. */
  public static final String TOPIC = "resumeTopic";
  /** Option: who claims the table for this query. While another one holds the claim, a task that runs again lets that one's go first. */
  public static final String HOLDER = "resumeHolder";
  /** Option: the workers whose executors the tasks prefer; see {@link HomeWorkers}. */
  public static final String HOME = "resumeHome";

  private final KafkaSourceProvider kafka = new KafkaSourceProvider();

  @Override
  public StructType inferSchema(CaseInsensitiveStringMap options) {
    return kafka.inferSchema(options);
  }

  @Override
  public Table getTable(StructType schema, Transform[] partitioning, Map<String, String> properties) {
    return new ReadTable((SupportsRead) kafka.getTable(schema, partitioning, properties));
  }

  private record ReadTable(SupportsRead kafka) implements SupportsRead {
    @Override
    public String name() {
      return kafka.name();
    }

    @Override
    @SuppressWarnings("deprecation")
    public StructType schema() {
      return kafka.schema();
    }

    @Override
    public Set<TableCapability> capabilities() {
      return Set.of(TableCapability.MICRO_BATCH_READ);
    }

    @Override
    public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
      PostgresAddress address = PostgresAddress.fromEnvironment(System.getenv());
      StoredOffsets stored = new StoredOffsets(address, options.get(TABLE), options.get(TOPIC), options.get(HOLDER));
      HomeWorkers home = HomeWorkers.parse(options.get(HOME));
      return () -> new ReadScan(kafka.newScanBuilder(options).build(), stored, home);
    }
  }

  private record ReadScan(Scan kafka, StoredOffsets stored, HomeWorkers home) implements Scan {
    @Override
    public StructType readSchema() {
      return kafka.readSchema();
    }

    @Override
    public String description() {
      return kafka.description();
    }

    @Override
    public CustomMetric[] supportedCustomMetrics() {
      return kafka.supportedCustomMetrics();
    }

    @Override
    public MicroBatchStream toMicroBatchStream(String checkpointLocation) {
      return new ResumingStream((KafkaMicroBatchStream) kafka.toMicroBatchStream(checkpointLocation), stored, home);
    }
  }
}
