#!/bin/sh
# Makes the run ready (its directory, topic and tables), then becomes the producer; or the monitor, which waits for that run; or whatever else it
# is given.
set -eu

case ${1:-} in
producer)
  # After the first start all of it is there, and a look at it needs neither Kafka nor PostgreSQL.
  node --disable-warning=ExperimentalWarning /app/platform/compose/prepared-main.ts ||
    node --disable-warning=ExperimentalWarning /app/platform/compose/prepare-main.ts
  exec node --disable-warning=ExperimentalWarning /app/producer/main.ts --run-dir "$(readlink -f /runs/current)" --rate "${PRODUCER_RATE:-2000}"
  ;;
monitor)
  POSTGRES_PASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:?}")
  export POSTGRES_PASSWORD
  exec node --disable-warning=ExperimentalWarning --max-semi-space-size=4 /app/monitor/main.ts --run-dir /runs/current
  ;;
esac
exec "$@"
