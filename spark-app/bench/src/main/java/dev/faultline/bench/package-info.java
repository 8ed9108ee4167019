/**
 * The peer that benchmarks compare the sink with: a staging table and {@code INSERT ... ON CONFLICT DO NOTHING}.
 *
 * <p>Reading order:
 *
 * <ol>
 *   <li>{@link dev.faultline.bench.StagingJob}: the main class. Its {@code store} writes one micro-batch; all costs are there.
 *   <li>{@link dev.faultline.bench.StagingSchema}: the pipeline file as Spark types.
 *   <li>{@link dev.faultline.bench.StagingArguments}: the command line.
 * </ol>
 */
package dev.faultline.bench;
