#!/bin/bash
# Asks a master's or worker's web page, or what driver and monitor say of the query. Exit code 0: it does its work.
set -euo pipefail

run=${FAULTLINE_RUN_DIRECTORY:-/runs/current}

page() {
  exec 3<>"/dev/tcp/$HOSTNAME/$1"
  printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
  cat <&3
}

# Whether a JSON file's text was written within the last 5 s, by its first at_ms (contract/job.ts, contract/health.ts).
fresh() {
  [[ $1 =~ \"at_ms\":([0-9]+) ]] && ((${EPOCHREALTIME//[.,]/} / 1000 - BASH_REMATCH[1] <= 5000))
}

# The same rule as `ready` (platform/protocol/driver-readiness.ts): the query runs, the driver says so lately, and no partition is stuck; or it stands
# by, and says so lately.
driver() {
  local status state health
  status=$(cat "$run/${FAULTLINE_DRIVER:-driver}-status.json") || return 1
  [[ $status =~ \"state\":\"(running|standby)\" ]] || { echo "the query does not run: $status" && return 1; }
  state=${BASH_REMATCH[1]}
  fresh "$status" || { echo "the driver hangs: its last sign of life is ${status#*\"at_ms\":}" && return 1; }
  # A standby can't do anything about a partition that is stuck.
  [ "$state" = running ] || return 0
  # Without a monitor nobody knows whether a partition is stuck.
  health=$(cat "$run/health.json" 2>/dev/null) || return 0
  fresh "$health" || return 0
  [[ $health == *'"state":"stuck"'* ]] || return 0
  [[ $health =~ \{[^{}]*\"state\":\"stuck\"[^{}]*\} ]] && health=${BASH_REMATCH[0]}
  echo "a partition is stuck: $health"
  return 1
}

case ${1:-} in
master) page 8080 | grep -Eq '"status" *: *"(ALIVE|STANDBY)"' ;;
worker) page 8081 | grep -q '"masterurl"' ;;
driver) driver ;;
*)
  echo "usage: healthy.sh master|worker|driver" >&2
  exit 64
  ;;
esac
