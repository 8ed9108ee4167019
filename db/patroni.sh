#!/bin/bash
# Becomes Patroni, which runs this container's PostgreSQL; or, as Patroni's post_init, makes the database on the first primary; or whatever else it is given.
set -euo pipefail

case ${1:-} in
patroni)
  password=$(cat "${POSTGRES_PASSWORD_FILE:?}")
  # The data directory is made beside its place by initdb and pg_basebackup; Patroni removes one that is not whole and takes a new copy.
  mkdir -p "$(dirname "${PGDATA:?}")"
  # One login for all of it: the pipeline's user is the cluster's superuser, as without Patroni.
  export PATRONI_NAME=$HOSTNAME PATRONI_RESTAPI_CONNECT_ADDRESS=$HOSTNAME:8008 PATRONI_POSTGRESQL_CONNECT_ADDRESS=$HOSTNAME:5432 \
    PATRONI_SUPERUSER_USERNAME=${POSTGRES_USER:?} PATRONI_SUPERUSER_PASSWORD=$password \
    PATRONI_REPLICATION_USERNAME=$POSTGRES_USER PATRONI_REPLICATION_PASSWORD=$password \
    PATRONI_POSTGRESQL_BIN_DIR
  PATRONI_POSTGRESQL_BIN_DIR=$(dirname "$(readlink -f "$(type -P postgres)")")
  exec patroni /etc/faultline/patroni.yml
  ;;
first-primary)
  export PGUSER=${POSTGRES_USER:?} PGHOST=/var/run/postgresql
  [ "${POSTGRES_DB:?}" = postgres ] || createdb "$POSTGRES_DB"
  for file in /docker-entrypoint-initdb.d/*.sql; do
    psql -v ON_ERROR_STOP=1 -q -1 -d "$POSTGRES_DB" -f "$file"
  done
  ;;
*)
  exec "$@"
  ;;
esac
