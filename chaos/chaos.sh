#!/bin/sh
# Starts a chaos run on the stack that is up: a thin door to `faultline chaos`. For a stack of containers nothing is needed but Docker.
set -eu

script=$0
while [ -h "$script" ]; do
    link=$(readlink "$script")
    case "$link" in
    /*) script=$link ;;
    *) script=$(dirname "$script")/$link ;;
    esac
done
root=$(CDPATH='' cd -- "$(dirname -- "$script")/.." && pwd)

runtime=${FAULTLINE_RUNTIME:-}
plan=
previous=
for argument in "$@"; do
    case "$argument" in
    -h | --help)
        cat <<'USAGE'
usage: chaos.sh [--duration SECONDS] [--interval SECONDS] [--seed N] [--targets LIST] [--faults LIST] [--runtime RUNTIME]

  --duration  how long faults are injected, e.g. 600
  --interval  seconds from fault to fault, e.g. 30 (at least 10)
  --seed      the same seed draws the same plan
  --targets   nodes (kafka-2), kinds (kafka, postgres, driver, producer, executor, ...), the group spark,
              roles (leader, leader:3, controller, active-driver), separated by commas; default: every kind that the stack has,
              but not the monitor
  --faults    kill, stop, pause, restart, disconnect, isolate, delay, cpu, memory; default: kill,stop,pause,restart
  --plan      run this plan file instead of drawing one
  --runtime   local or compose; default: the one that is up

All options go to `faultline chaos`; see `faultline chaos --help` for every one. Every failure and recovery is logged with its time.
USAGE
        exit 0
        ;;
    --runtime=*) runtime=${argument#--runtime=} ;;
    --plan=*) plan=${argument#--plan=} ;;
    esac
    case "$previous" in
    --runtime) runtime=$argument ;;
    --plan) plan=$argument ;;
    esac
    previous=$argument
done

if [ -z "$runtime" ]; then
    runtime=local
    if [ ! -e "${FAULTLINE_STATE_DIR:-$root/.faultline/local}/stack.json" ] && command -v docker >/dev/null 2>&1 &&
        [ -n "$(cd "$root" && docker compose ps --all --quiet 2>/dev/null)" ]; then
        runtime=compose
    fi
fi
# With Node on this machine the CLI does the same, and brings the run's files back besides.
if [ "$runtime" != compose ] || [ -d "$root/node_modules" ]; then
    exec "$root/faultline" chaos "$@"
fi

# The plan is a file of this machine: the container gets it at the same path.
volume=
if [ -n "$plan" ]; then
    case "$plan" in /*) ;; *) plan=$(pwd)/$plan ;; esac
    [ -r "$plan" ] || { echo "chaos.sh: --plan $plan: no such file" >&2 && exit 64; }
    volume="--volume=$plan:$plan:ro"
fi
cd "$root"
terminal=--no-TTY
[ ! -t 0 ] || [ ! -t 1 ] || terminal=
# shellcheck disable=SC2086
exec docker compose --profile tools run --rm --no-deps $terminal ${volume:+"$volume"} chaos chaos "$@"
