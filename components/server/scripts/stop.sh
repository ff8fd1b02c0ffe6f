# Ends a server at a moment at which no request is under way on it, if there is one, and in that moment.

# Seconds for which it goes on serving after it was taken out of the Services.
drain=5
# How often it is asked in a second whether requests are under way, and how often at most: those that stay must not keep it.
questions_per_second=200
most_questions=1000
# Answers in a row that say that none is: a request gives its lock back some milliseconds after its answer.
calm_answers=3
# Seconds for which the pod's network outlives the server: who still sends to it is refused, and does not wait for a time-out.
linger=3

start=$POD_SCRATCH/start
thaw=$POD_SCRATCH/thaw

readable() { ask_server --fail --max-time 1 --output /dev/null "$POD_URL/minio/health/cluster/read"; }

# No object can be read any more, as when all restart together. One answer may be late.
in_vain() { [ "$CLUSTER_READ" = true ] && command -v curl > /dev/null && ! readable && ! readable; }

# One curl asks over one connection, and its stderr is not buffered: the answer is known within a millisecond.
requests() {
    ask_server --fail-early --max-time 1 --output /dev/null --rate "$questions_per_second/s" \
        --header "X-Amz-Meta-Minio-Object-Perf: true" \
        --write-out '%{stderr}%header{x-ratelimit-limit} %header{x-ratelimit-remaining}\n' \
        "$POD_URL/?[1-$most_questions]" 2>&1
}

end() { : > "$start/ending"; kill -KILL "$(cat "$start/server")"; }

# Nobody would hear of the end of a server that holds all requests.
[ ! -e "$thaw" ] || curl --config "$thaw"
drained=0
while [ "$drained" -lt "$drain" ] && ! in_vain; do sleep 1; drained=$((drained + 1)); done
if in_vain; then end; exit; fi
requests | {
    calm=0
    while [ "$calm" -lt "$calm_answers" ] && read -r limit remaining; do
        if [ "$limit" = "$remaining" ]; then calm=$((calm + 1)); else calm=0; fi
    done
    end
}
release_left_locks
sleep "$linger"
