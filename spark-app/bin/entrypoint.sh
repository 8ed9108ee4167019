#!/bin/bash
# Becomes a Spark master, a worker or the job's driver, or whatever else it is given.
set -euo pipefail

export SPARK_LOCAL_HOSTNAME=$HOSTNAME
# Of an executor. The second driver's have one less: so a worker never has room for two executors of the first one.
slots=${SPARK_WORKER_SLOTS:-8}
masters=${SPARK_MASTER_URL:-spark://spark-master:7077,spark-master-2:7077}

daemon() {
  # The job's jar names all others in its manifest. A class archive needs a class path that is always the same, and jars/* has no order.
  # shellcheck disable=SC2086
  exec java "@$SPARK_HOME/conf/jvm.options" "-Xmx$1" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError \
    ${SPARK_ARCHIVE_OPTIONS:-} -cp "$(echo "$SPARK_HOME"/jars/faultline-job-*.jar)" \
    -Dsun.net.inetaddr.ttl=5 -Dsun.net.inetaddr.negative.ttl=1 -Dspark.worker.timeout=12 "${@:2}"
}

# Runs the driver's job, passes SIGTERM on to it, and ends with its exit code. If no new start can cure that code (contract/job.ts,
# JOB_FATAL_EXIT_CODES), it waits instead, unhealthy: Docker's restart policy ignores exit codes and would start the job forever.
job() {
  "$@" &
  local job=$! code=0
  trap 'kill -TERM "$job" 2>/dev/null' TERM INT
  # A signal ends a wait before the job has ended; the last wait has the job's own code.
  wait "$job" || true
  while kill -0 "$job" 2>/dev/null; do wait "$job" || true; done
  wait "$job" || code=$?
  case $code in
  10 | 64 | 74 | 78)
    echo "faultline: the job ended with exit code $code, which a new start does not cure. Fix the cause shown above, then: docker compose restart $HOSTNAME" >&2
    trap 'exit "$code"' TERM INT
    while :; do
      sleep 3600 &
      wait $!
    done
    ;;
  esac
  exit "$code"
}

# A driver that died leaves the processor to the other one's take-over first, for 5 s at most: the start of a JVM takes seconds of it.
after_take_over() {
  local file tenth
  for file in /runs/current/driver*-status.json; do
    for ((tenth = 0; tenth < 50; tenth++)); do
      grep -qs '"state":"standby"' "$file" || break
      sleep 0.1
    done
  done
}

case ${1:-} in
master)
  # The one that leads in ZooKeeper is ALIVE; the other stands by and takes over with all it finds there.
  daemon 160m -Dspark.deploy.recoveryMode=ZOOKEEPER "-Dspark.deploy.zookeeper.url=${SPARK_ZOOKEEPER:?}" -Dspark.deploy.zookeeper.dir=/spark \
    -Dspark.deploy.recoveryTimeout=12s -Dspark.deploy.maxExecutorRetries=-1 -Dspark.dead.worker.persistence=1 \
    org.apache.spark.deploy.master.Master --host "$HOSTNAME" --port 7077 --webui-port 8080
  ;;
worker)
  # Its memory is what executors may ask of the master; the container's limit is what they get. Its slots are enough for one executor of each driver.
  daemon 160m -Dspark.worker.initialRegistrationRetries=1000000 -Dspark.worker.maxRegistrationRetries=1000000 \
    -Dspark.worker.cleanup.enabled=true -Dspark.worker.cleanup.interval=300 -Dspark.worker.cleanup.appDataTtl=3600 \
    org.apache.spark.deploy.worker.Worker --host "$HOSTNAME" --port 7078 --webui-port 8081 \
    --cores "$((2 * slots - 1))" --memory "${SPARK_WORKER_MEMORY:-3g}" --work-dir /var/lib/spark/work "$masters"
  ;;
driver)
  name=${FAULTLINE_DRIVER:-driver}
  checkpoint=/checkpoints home=spark-worker-1
  [ "$name" = driver ] || { checkpoint=/checkpoints/$name && slots=$((slots - 1)) && home=spark-worker-2; }
  POSTGRES_PASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:?}")
  export POSTGRES_PASSWORD
  # The producer makes the run: its directory, topic and tables.
  for ((second = 0; ; second++)); do
    [ ! -e /runs/current/run.json ] || break
    [ "$second" -lt 120 ] || { echo "no run in /runs after 120 s: is the producer up?" >&2 && exit 69; }
    sleep 1
  done
  # What an earlier driver said of itself is not true of this one.
  rm -f "/runs/current/$name-status.json"
  after_take_over
  job spark-submit --class dev.faultline.job.PipelineJob --master "$masters" --deploy-mode client --properties-file "$SPARK_HOME/conf/spark-defaults.conf" \
    --conf "spark.driver.host=$HOSTNAME" --conf spark.driver.bindAddress=0.0.0.0 --conf spark.ui.enabled=true --conf spark.ui.port=4040 --conf spark.ui.killEnabled=false \
    --conf "spark.executor.cores=$slots" --conf "spark.cores.max=$((2 * slots))" --conf "spark.executor.memory=${SPARK_EXECUTOR_MEMORY:-640m}" \
    /app/spark-app.jar --pipeline /runs/current/pipeline.yaml --brokers "${KAFKA_BROKERS:?}" --trigger "${FAULTLINE_TRIGGER:-realtime}" \
    --checkpoint "$checkpoint/${FAULTLINE_TRIGGER:-realtime}" --status-file "/runs/current/$name-status.json" --standby --driver-name "$name" \
    --home-workers "$home"
  ;;
*)
  exec "$@"
  ;;
esac
