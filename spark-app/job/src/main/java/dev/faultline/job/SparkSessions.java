package dev.faultline.job;

import java.util.function.BooleanSupplier;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.cluster.CoarseGrainedSchedulerBackend;
import org.apache.spark.sql.SparkSession;

/** Opens the Spark session. When its context dies with the master or the application, the job opens a new one. */
final class SparkSessions {
  private SparkSessions() {
  }

  static SparkSession open(JobSetup setup) {
    PipelineFile pipeline = setup.pipeline();
    JobArguments arguments = setup.arguments();
    SparkConf conf = new SparkConf();
    // Real-time Mode holds one slot per partition for the whole epoch
    conf.setIfMissing("spark.master", "local[" + (pipeline.partitions() + 2) + "]");
    conf.setIfMissing("spark.app.name", "faultline-" + pipeline.name());
    conf.setIfMissing("spark.ui.enabled", "false");
    conf.setIfMissing("spark.locality.wait", "0s");
    conf.setIfMissing("spark.sql.adaptive.enabled", "false");
    conf.setIfMissing("spark.sql.streaming.stopTimeout", "8s");
    conf.setIfMissing("spark.hadoop.fs.file.impl", QuietFileSystem.class.getName());
    conf.setIfMissing("spark.sql.streaming.checkpointFileManagerClass", QuietFileSystem.MANAGER);
    // each start has a checkpoint of its own, whose history nobody reads
    conf.setIfMissing("spark.sql.streaming.minBatchesToRetain", "2");
    SparkSession spark = SparkSession.builder().config(conf).getOrCreate();
    // not where the executor is the driver itself, and not where Spark's own way is measured
    if (!arguments.kafkaDefaults() && spark.sparkContext().schedulerBackend() instanceof CoarseGrainedSchedulerBackend) {
      SilentExecutors.watch(spark.sparkContext());
      // a driver that gets ready has the processor first: beside it, four seconds' work of a rehearsal lasted 42 s, and both got late
      BooleanSupplier ready = () -> setup.status().is(JobState.RUNNING) || setup.status().is(JobState.STANDBY);
      ColdExecutors.rehearse(spark.sparkContext(), ready, () -> Rehearsal.runBesideQuery(spark, pipeline, arguments));
    }
    return spark;
  }
}
