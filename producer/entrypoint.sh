#!/bin/sh
# Makes the run ready (its directory, topic and tables), then becomes the producer, or whatever else it is given.
set -eu

[ "${1:-}" = producer ] || exec "$@"

node --disable-warning=ExperimentalWarning /app/platform/compose/prepare-main.ts
exec node --disable-warning=ExperimentalWarning /app/producer/main.ts --run-dir "$(readlink -f /runs/current)" --rate "${PRODUCER_RATE:-2000}"
