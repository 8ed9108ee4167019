#!/bin/sh
# Starts a chaos run on the stack that is up: a thin door to `faultline chaos`.
set -eu

case "${1-}" in
-h | --help)
    cat <<'USAGE'
usage: chaos.sh [--duration SECONDS] [--interval SECONDS] [--seed N] [--targets LIST] [--runtime RUNTIME]

  --duration  how long faults are injected, e.g. 600
  --interval  seconds from fault to fault, e.g. 30 (at least 10)
  --seed      the same seed draws the same plan
  --targets   nodes (kafka-2), kinds (kafka, postgres, driver, producer, executor, ...), the group spark,
              roles (leader, leader:3, controller), separated by commas; default: everything but spark-master
  --runtime   local or compose

All options go to `faultline chaos`; see `faultline chaos --help` for every one.
USAGE
    exit 0
    ;;
esac

script=$0
while [ -h "$script" ]; do
    link=$(readlink "$script")
    case "$link" in
    /*) script=$link ;;
    *) script=$(dirname "$script")/$link ;;
    esac
done
directory=$(CDPATH='' cd -- "$(dirname -- "$script")" && pwd)
exec "$directory/../faultline" chaos "$@"
