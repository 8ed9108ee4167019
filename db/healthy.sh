#!/bin/bash
# Asks by SQL, over TCP as clients do, whether the database is there.
set -euo pipefail
PGPASSWORD=$(cat "${POSTGRES_PASSWORD_FILE:?}") PGCONNECT_TIMEOUT=3 \
  psql -h 127.0.0.1 -U "${POSTGRES_USER:?}" -d "${POSTGRES_DB:?}" -Atqc 'SELECT 1' | grep -qx 1
