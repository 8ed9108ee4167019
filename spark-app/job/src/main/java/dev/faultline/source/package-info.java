/**
 * A source that reads from Kafka as Spark's own does. A task that runs again begins where the sink's table is, instead of at its epoch's beginning.
 *
 * <p>Reading order: {@link dev.faultline.source.ResumingKafka}, ResumingStream (Spark's stream with another reader, and tasks that are at home on {@link dev.faultline.source.HomeWorkers}), ResumingReaderFactory (the line
 * that matters), StoredOffsets (asks PostgreSQL).
 */
package dev.faultline.source;
