#!/bin/sh
# Whether the producer got an acknowledgement within the last 15 seconds, or has reason to be silent.
set -eu
exec node -e '
const status = JSON.parse(require("node:fs").readFileSync("/runs/current/producer-status.json", "utf8"));
const silent = ["quiesced", "draining", "done"].includes(status.state);
process.exit(Date.now() - (silent ? status.at_ms : status.last_ack_ms) < 15_000 ? 0 : 1);'
