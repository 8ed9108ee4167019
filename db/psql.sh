#!/bin/bash
# psql, for commands typed on a host whose shell does not know .env's variables: `psql -U $POSTGRES_USER -d $POSTGRES_DB -f FILE` arrives here as
# `psql -U -d -f FILE`. An option whose value is the next option is left out; the container's own user and database take its place.
set -euo pipefail

export PGUSER=${PGUSER:-${POSTGRES_USER:-}} PGDATABASE=${PGDATABASE:-${POSTGRES_DB:-}}
# With a standby, the shell may be on either server, and only the primary takes writes. Who names a host gets that one.
if [ -n "${POSTGRES_HOSTS:-}" ] && [ -z "${PGHOST:-}" ] && ! printf '%s\n' "$@" | grep -qE '^(-h|--host)'; then
  PGPASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:?}")
  export PGHOST=$POSTGRES_HOSTS PGTARGETSESSIONATTRS=primary PGCONNECT_TIMEOUT=${PGCONNECT_TIMEOUT:-3} PGPASSWORD
fi
real=$(type -aP psql | grep -v '^/usr/local/sbin/' | head -n 1)
arguments=()
while [ $# -gt 0 ]; do
  case $1 in
  -U | -d) case ${2:-} in "" | -[a-zA-Z]) ;; *) arguments+=("$1" "$2") && shift ;; esac ;;
  *) arguments+=("$1") ;;
  esac
  shift
done
exec "$real" "${arguments[@]}"
