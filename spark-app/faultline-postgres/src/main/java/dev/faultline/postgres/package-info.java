/**
 * The sink: it writes the records of one Kafka topic into one PostgreSQL table, each record exactly once.
 *
 * <p>The line that matters is the statement {@code MOVE} in {@link dev.faultline.postgres.SinkSession}. It locks the
 * offsets row, checks the generation and moves {@code next_offset}, in the transaction that stores the rows.
 *
 * <p>Reading order, the core first:
 *
 * <ol>
 *   <li>{@link dev.faultline.postgres.PartitionWriter}: one partition's records. Its {@code store} decides what each failure means.
 *   <li>{@link dev.faultline.postgres.SinkSession}: the statements of a chunk's transaction.
 *   <li>{@link dev.faultline.postgres.SinkClaim}: how a driver claims the table and fences the writers of older drivers.
 *   <li>{@link dev.faultline.postgres.SqlFailure}: what each SQLSTATE means for a chunk.
 *   <li>{@link dev.faultline.postgres.DuplicateFilter}: the slow path of a chunk that contains duplicates.
 *   <li>{@link dev.faultline.postgres.TableShape}: what must not change in the table while a query runs.
 *   <li>{@link dev.faultline.postgres.StaleWriters}: how the sink ends its own hanging sessions.
 *   <li>{@link dev.faultline.postgres.StoredTail}, {@link dev.faultline.postgres.StoredTails}: what was stored last, to be stored again if the
 *       database fails over and lacks commits. {@link dev.faultline.postgres.PrimarySearch}: which server is the primary.
 *   <li>{@link dev.faultline.postgres.AggregateWriter}, {@link dev.faultline.postgres.GroupTotals}: the running totals.
 * </ol>
 *
 * <p>Then the drivers that share a table, and the standby's side of a writer:
 *
 * <ol>
 *   <li>{@link dev.faultline.postgres.DriverRight}: which of the drivers may claim the table; {@link dev.faultline.postgres.RightCandidate} decides when
 *       to try, {@link dev.faultline.postgres.LeaseWatch} whether a holder hangs; the statements are in {@link dev.faultline.postgres.RightSession}.
 *   <li>{@link dev.faultline.postgres.GatedWriter}: one partition's records before and after the claim; {@link dev.faultline.postgres.Tail}
 *       keeps them.
 *   <li>{@link dev.faultline.postgres.WriteGate}, {@link dev.faultline.postgres.GateReader}: what tells the writers of one JVM that their
 *       driver has claimed the table.
 * </ol>
 *
 * <p>Then the front end, which Spark calls:
 *
 * <ol>
 *   <li>{@link dev.faultline.postgres.PostgresProvider}: what the driver asks for.
 *   <li>{@link dev.faultline.postgres.PostgresForeachWriter}, {@link dev.faultline.postgres.BackgroundWriter}: the end in a task, with both triggers.
 *   <li>{@link dev.faultline.postgres.PartitionException}: how a failed task names its Kafka partition.
 *   <li>{@link dev.faultline.postgres.SinkQuery}, {@link dev.faultline.postgres.SinkOptions},
 *       {@link dev.faultline.postgres.TargetReader}: the checks before the first record is read.
 *   <li>{@link dev.faultline.postgres.SinkMetrics}, {@link dev.faultline.postgres.SinkMetricsPlugin}: what the sink counts, and who sees it.
 * </ol>
 *
 * <p>Last the encoding: {@link dev.faultline.postgres.JsonEncoder} or {@link dev.faultline.postgres.TypedEncoder} turns a
 * record into a binary COPY row in a {@link dev.faultline.postgres.CopyBuffer}; a {@link dev.faultline.postgres.Chunk} collects the rows.
 */
package dev.faultline.postgres;
