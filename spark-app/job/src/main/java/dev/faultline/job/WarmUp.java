package dev.faultline.job;

import org.apache.spark.sql.SparkSession;

/** A round of work into nothing: when it has ended, executors are there and have loaded what the query needs. */
final class WarmUp {
  private WarmUp() {
  }

  static void run(SparkSession spark, JobSetup setup) throws Exception {
    Rehearsal.run(spark, setup.pipeline(), setup.arguments(), setup.pipeline().partitions());
    // an empty topic gives no task
    spark.range(0, setup.pipeline().partitions(), 1, setup.pipeline().partitions()).write().format("noop").mode("overwrite").save();
  }
}
