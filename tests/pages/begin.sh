# What comes before the first block of a page.
set -euo pipefail
unset TIDEGATE_POLICY TIDEGATE_CONFIG TIDEGATE_DATA
trap '[ $? = 0 ] || tail -n 15 "$(ls -t "$OUT"/*.out | head -1)"' EXIT
# A reader's shell has the prompt back when what was killed is gone.
kill() {
    builtin kill "$@"
    wait
}
# A reader is slower than a gate that starts.
listens() {
    local end=$((SECONDS + 60))
    until (exec 3<> "/dev/tcp/${TIDEGATE_LISTEN/://}") 2> /dev/null; do
        [ $SECONDS -lt $end ]
        sleep 0.05
    done
}
# A call that is refused is no success.
curl() {
    command curl --silent --show-error --fail-with-body "$@"
}
# Events take their time: a block is run again until it prints what the page shows.
shows() {
    local end=$((SECONDS + 60)) printed said
    said=$(cat "$OUT/$1.pattern")
    while true; do
        # Time must not mend a command that fails.
        if ! bash -euo pipefail "$OUT/$1.sh" > "$OUT/$1.out"; then
            echo "this fails:"
            cat "$OUT/$1.sh"
            exit 1
        fi
        printed=$(cat "$OUT/$1.out")
        printed=${printed#$'\n'}
        # The pattern is not quoted, so that it is one.
        # shellcheck disable=SC2053
        if [[ $printed == $said ]]; then
            return
        fi
        if [ $SECONDS -ge $end ]; then
            echo "the page does not say what this prints:"
            cat "$OUT/$1.sh"
            exit 1
        fi
        sleep 0.1
    done
}
export -f curl listens
