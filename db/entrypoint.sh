#!/bin/bash
# Makes the cluster once, then becomes PostgreSQL, or whatever else it is given.
set -euo pipefail

[ "${1:-}" = postgres ] || exec "$@"

: "${POSTGRES_USER:?}" "${POSTGRES_DB:?}" "${POSTGRES_PASSWORD_FILE:?}" "${PGDATA:?}"

# Made beside its place and moved there, so that it is there whole or not at all.
if [ ! -e "$PGDATA" ]; then
  new=$PGDATA.new
  rm -rf "$new"
  initdb -D "$new" -U "$POSTGRES_USER" --pwfile="$POSTGRES_PASSWORD_FILE" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  printf '%s\n' "include '/etc/faultline/postgresql.conf'" "listen_addresses = '*'" "unix_socket_directories = '/var/run/postgresql'" >>"$new/postgresql.conf"
  # Sessions from outside the container need the password.
  printf '%s\n' "local all all trust" "host all all 127.0.0.1/32 scram-sha-256" "host all all ::1/128 scram-sha-256" "host all all all scram-sha-256" >"$new/pg_hba.conf"
  pg_ctl -D "$new" -w -o "-c listen_addresses=''" start
  [ "$POSTGRES_DB" = postgres ] || createdb -U "$POSTGRES_USER" "$POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 -q -1 -U "$POSTGRES_USER" -d "$POSTGRES_DB" -f "$file"
  done
  pg_ctl -D "$new" -w -m fast stop
  mv "$new" "$PGDATA"
fi

exec postgres -D "$PGDATA"
