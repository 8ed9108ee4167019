#!/bin/bash
# Asks a master's or worker's web page, or what the driver says of its query. Exit code 0: it does its work.
set -euo pipefail

page() {
  exec 3<>"/dev/tcp/$HOSTNAME/$1"
  printf 'GET /json/ HTTP/1.0\r\n\r\n' >&3
  cat <&3
}

case ${1:-} in
master) page 8080 | grep -Eq '"status" *: *"(ALIVE|STANDBY)"' ;;
worker) page 8081 | grep -q '"masterurl"' ;;
driver) grep -q '"state":"running"' /runs/current/driver-status.json ;;
*)
  echo "usage: healthy.sh master|worker|driver" >&2
  exit 64
  ;;
esac
