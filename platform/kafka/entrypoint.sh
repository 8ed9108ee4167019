#!/bin/bash
# Becomes a Kafka node (`kafka`: KRaft; `kafka-zookeeper`: ZooKeeper mode), a ZooKeeper server (`zookeeper`), or whatever else it is given.
set -euo pipefail

java_options=(-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Dlog4j2.configurationFile=/opt/kafka/log4j2.properties
  # A container that was restarted has another address: names must be asked for again.
  -Dsun.net.inetaddr.ttl=5 -Dsun.net.inetaddr.negative.ttl=1)

# CLIENT is for the containers, HOST for the machine that publishes its port, BROKER for the other brokers.
listeners() {
  cat <<PROPERTIES
listeners=CLIENT://:9092,BROKER://:9093,HOST://:19092$1
advertised.listeners=CLIENT://$HOSTNAME:9092,BROKER://$HOSTNAME:9093,HOST://127.0.0.1:${KAFKA_HOST_PORT:?}
listener.security.protocol.map=CLIENT:PLAINTEXT,BROKER:PLAINTEXT,HOST:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
PROPERTIES
}

case ${1:-} in
kafka)
  properties=/tmp/server.properties
  {
    echo "process.roles=broker,controller"
    echo "node.id=${KAFKA_NODE_ID:?}"
    echo "controller.quorum.voters=${KAFKA_VOTERS:?}"
    echo "controller.listener.names=CONTROLLER"
    echo "log.dirs=/var/lib/kafka/log"
    listeners ",CONTROLLER://:9094"
    cat /opt/kafka/common.properties /opt/kafka/kraft.properties
  } >"$properties"
  # Formatted beside its place and moved there: it is there whole or not at all.
  if [ ! -e /var/lib/kafka/log ]; then
    rm -rf /var/lib/kafka/log.new
    sed 's,^log.dirs=.*,log.dirs=/var/lib/kafka/log.new,' "$properties" >/tmp/format.properties
    java -Xmx128m -XX:TieredStopAtLevel=1 "${java_options[@]}" -cp '/opt/kafka/libs/*' kafka.tools.StorageTool \
      format --cluster-id="${KAFKA_CLUSTER_ID:?}" -c /tmp/format.properties
    mv /var/lib/kafka/log.new /var/lib/kafka/log
  fi
  # shellcheck disable=SC2086
  exec java -Xms128m "-Xmx${KAFKA_HEAP:-256m}" ${KAFKA_JVM_OPTIONS:-} "${java_options[@]}" -cp '/opt/kafka/libs/*' kafka.Kafka "$properties"
  ;;
kafka-zookeeper)
  properties=/tmp/server.properties
  {
    echo "broker.id=${KAFKA_NODE_ID:?}"
    echo "zookeeper.connect=${KAFKA_ZOOKEEPER:?}"
    # The KRaft log of the same volume stays apart: the two can't read each other.
    echo "log.dirs=/var/lib/kafka/log-zookeeper"
    listeners ""
    cat /opt/kafka/common.properties /opt/kafka/zookeeper/broker.properties
  } >"$properties"
  exec java -Xms128m "-Xmx${KAFKA_HEAP:-256m}" "${java_options[@]}" -cp '/opt/kafka/libs/*' kafka.Kafka "$properties"
  ;;
zookeeper)
  {
    cat /opt/kafka/zookeeper/zookeeper.properties
    echo "clientPort=2181"
    echo "dataDir=/var/lib/zookeeper/data"
    # No client is granted a longer session, whatever it asks for [default: 20 ticks].
    [ -z "${ZOOKEEPER_MAX_SESSION_MS:-}" ] || echo "maxSessionTimeout=$ZOOKEEPER_MAX_SESSION_MS"
  } >/tmp/zookeeper.properties
  exec java "-Xmx${ZOOKEEPER_HEAP:-96m}" -XX:TieredStopAtLevel=1 "${java_options[@]}" -cp '/opt/kafka/libs/*' \
    org.apache.zookeeper.server.quorum.QuorumPeerMain /tmp/zookeeper.properties
  ;;
*)
  exec "$@"
  ;;
esac
