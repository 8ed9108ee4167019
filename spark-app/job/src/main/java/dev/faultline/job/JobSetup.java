package dev.faultline.job;

import dev.faultline.postgres.PostgresAddress;

/** What each start of a query needs, the same for all of them. */
record JobSetup(JobArguments arguments, PipelineFile pipeline, PostgresAddress address, String topic, StatusFile status,
    CheckpointFolder checkpoints, TableClaim table, StopSignal stop) {
}
