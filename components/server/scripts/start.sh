# The first process of the server's container. It outlives a server that is ended by stop.sh; any other end, and a signal, it passes on.

# How often the others are asked, and how many seconds are waited after each answer that did not come.
questions="1 2 3 4 5"
between_questions=0.5
# Seconds that the last server waits for the others at most.
longest_wait=20
# Seconds. Kubernetes ends the container before: see terminationGracePeriodSeconds.
longest_stay=60
# curl's status where a server has answered that it does not do it, as one with another password.
http_error=22

start=$POD_SCRATCH/start

# Whatever they answer.
others_listen() {
    set --
    for url in $CLUSTER_OTHERS; do
        set -- "$@" --output /dev/null "$url"
    done
    ask_server --fail-early --max-time 1 "$@"
}

used() { [ -e "$1" ]; }

{ rm -rf "$start" && mkdir "$start"; } || exit 1
program=$(command -v minio || command -v silo) || {
    echo "this image has neither the program minio nor silo" > "$POD_TERMINATION_LOG"
    echo "this image has neither the program minio nor silo" >&2
    exit 127
}
command -v curl > /dev/null || echo "this image has no curl: servers start and end without regard to requests" >&2

if [ "$CLUSTER_SERVERS" -gt 1 ] && command -v curl > /dev/null; then
    trap 'exit 0' TERM INT
    for _ in $questions; do
        release_left_locks; answer=$?
        [ "$answer" -ne 0 ] || break
        sleep "$between_questions"
    done
    # Nobody serves: all start together. One starts last, unless no drive was used before.
    if [ "$POD_NAME" = "$CLUSTER_LAST" ] && [ "$answer" -ne 0 ] && [ "$answer" -ne "$http_error" ] &&
        used "$POD_DRIVES"*/.minio.sys/format.json; then
        end=$(($(date +%s) + longest_wait))
        until others_listen && : > "$start/complete"; do
            [ "$(date +%s)" -lt "$end" ] || break
            sleep 0.3
        done
    fi
fi

"$program" "$@" &
server=$!
echo "$server" > "$start/server"
asked=
trap 'asked=1; kill -TERM "$server"' TERM INT
# Waiting ends with a signal, too.
while wait "$server"; status=$?; kill -0 "$server" 2> /dev/null; do :; done
[ -e "$start/ending" ] || exit "$status"
trap 'exit 0' TERM INT
[ -z "$asked" ] || exit 0
sleep "$longest_stay" &
wait $!
