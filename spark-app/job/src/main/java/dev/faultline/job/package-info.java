/**
 * The job: it reads a pipeline file, claims the table, at once or when it has the right to write, runs the streaming query and restarts the query when it fails.
 *
 * <p>The line that matters is in {@link dev.faultline.job.JobLoop#run()}: after each failure, {@link dev.faultline.job.FailureKind}
 * decides whether the job restarts the query or ends with an exit code.
 *
 * <p>Reading order:
 *
 * <ol>
 *   <li>{@link dev.faultline.job.PipelineJob}: the main class; it turns the outcome into an exit code.
 *   <li>{@link dev.faultline.job.JobLoop}: run, restart.
 *   <li>{@link dev.faultline.job.LoneRun}: one start of the query, which claims the table at once.
 *   <li>{@link dev.faultline.job.HotStandby}: the same for a driver that shares its table;
 *       {@link dev.faultline.job.StandbyChecks} tells whether it handed over or was pushed aside, {@link dev.faultline.job.HomeMove} when its tasks go back to their home.
 *   <li>{@link dev.faultline.job.TableClaim}: the claim, held against what the brokers say.
 *   <li>{@link dev.faultline.job.StreamQuery}: the Spark query, from the claim's offsets into the table. Its source is
 *       {@link dev.faultline.source.ResumingKafka}.
 *   <li>{@link dev.faultline.job.FailureKind}: which failures end the job.
 *   <li>{@link dev.faultline.job.ExitCode}: what a supervisor may do after the job has ended.
 *   <li>{@link dev.faultline.job.StatusFile}, {@link dev.faultline.job.JobState}: what a supervisor reads while the job runs.
 *   <li>{@link dev.faultline.job.KafkaTopic}: the topic's offsets, which the claim needs.
 *   <li>{@link dev.faultline.job.JobArguments}, {@link dev.faultline.job.PipelineFile}: the input.
 *   <li>{@link dev.faultline.job.SparkSessions}, {@link dev.faultline.job.CheckpointFolder}, {@link dev.faultline.job.QuietFileSystem},
 *       {@link dev.faultline.job.LiveQuery}, {@link dev.faultline.job.TaskProbe},
 *       {@link dev.faultline.job.JobSetup}, {@link dev.faultline.job.StopSignal}: helpers of the loop.
 *   <li>{@link dev.faultline.job.SilentExecutors}, {@link dev.faultline.job.ColdExecutors}: executors that are frozen are given up, and those
 *       that have no task yet rehearse ({@link dev.faultline.job.Rehearsal}).
 * </ol>
 */
package dev.faultline.job;
