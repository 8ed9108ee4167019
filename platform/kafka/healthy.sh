#!/bin/bash
# Asks the node's own protocol, without starting a JVM. Exit code 0: it answers.
set -euo pipefail

case ${1:-} in
kafka)
  # ApiVersions v0 (key 18), correlation id 7, no client id: its answer begins with its length and the same correlation id (Kafka protocol guide).
  exec 3<>"/dev/tcp/$HOSTNAME/9092"
  printf '\x00\x00\x00\x0a\x00\x12\x00\x00\x00\x00\x00\x07\xff\xff' >&3
  answer=$(head -c 8 <&3 | od -An -tx1 | tr -d ' \n')
  [ "${answer:8}" = 00000007 ]
  ;;
zookeeper)
  exec 3<>/dev/tcp/127.0.0.1/2181
  printf srvr >&3
  grep -q "^Mode: " <&3
  ;;
*)
  echo "usage: healthy.sh kafka|zookeeper" >&2
  exit 64
  ;;
esac
