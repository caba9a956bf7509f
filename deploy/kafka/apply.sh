#!/usr/bin/env bash
# Makes a cluster's topics as topics.yaml says: creates those that are not there, and sets the settings of those that are.
# It changes no number of partitions or replicas and deletes nothing.
#
#   apply.sh local localhost:9092
#   apply.sh cloud broker-1:9092,broker-2:9092 --command-config client.properties
#
# Needs kafka-topics.sh and kafka-configs.sh in PATH (they come with every Kafka), or their directory in KAFKA_BIN.
# Further arguments go to both. Each call of them takes a second or two.
set -euo pipefail

if (($# < 2)); then
    echo "usage: $0 local|cloud BOOTSTRAP_SERVERS [OPTIONS OF KAFKA'S COMMANDS]" >&2
    exit 2
fi
environment=$1
servers=$2
shift 2
file=$(dirname "$0")/topics.yaml

# value KEY LINE: the value in "{ …, KEY: value, … }"
value() { sed -n "s/.*[{,] *${1//./\\.}: *\([^,} ]*\).*/\1/p" <<< "$2"; }

kafka() { # kafka COMMAND ARGUMENT...
    "${KAFKA_BIN:+$KAFKA_BIN/}$1" --bootstrap-server "$servers" "${@:2}"
}

of_all=$(grep -E "^  $environment: \{" "$file") || {
    echo "$file: no environment $environment" >&2
    exit 2
}
partitions=$(sed -n 's/^partitions: *//p' "$file")
there=$(kafka kafka-topics.sh --list "$@")

while read -r topic; do
    name=$(value name "$topic")
    settings=()
    for key in min.insync.replicas retention.ms; do settings+=("$key=$(value $key "$of_all")"); done
    settings+=("max.message.bytes=$(value max.message.bytes "$topic")")
    if grep -qxF "$name" <<< "$there"; then
        list=$(IFS=, && echo "${settings[*]}")
        kafka kafka-configs.sh --alter --entity-type topics --entity-name "$name" --add-config "$list" "$@" < /dev/null
    else
        kafka kafka-topics.sh --create --topic "$name" --partitions "$partitions" \
            --replication-factor "$(value replication-factor "$of_all")" "${settings[@]/#/--config=}" "$@" < /dev/null
    fi
done < <(grep -E '^  - \{' "$file")
