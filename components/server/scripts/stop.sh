# Ends a server at a moment at which no request is under way on it, if there is one, and in that moment.

# Seconds for which it goes on serving after it was taken out of the Services.
drain=5
# How often it is asked in a second whether requests are under way, and for how many seconds at most: those that stay must not keep it.
questions_per_second=1000
longest_search=5
# Answers in a row that say that none is: a request gives its lock back some milliseconds after its answer.
calm_answers=15
# Seconds without an answer after which a server that was stopped has said all that it had to say.
silence=0.05
# Seconds for which the pod's network outlives the server: who still sends to it is refused, and does not wait for a time-out.
linger=3

start=$POD_SCRATCH/start
thaw=$POD_SCRATCH/thaw

readable() { ask_server --fail --max-time 1 --output /dev/null "$POD_URL/minio/health/cluster/read"; }

# No object can be read any more, as when all restart together. One answer may be late.
in_vain() { [ "$CLUSTER_READ" = true ] && command -v curl > /dev/null && ! readable && ! readable; }

# One curl asks over one connection, and its stderr is not buffered. It ends when an answer stays away.
requests() {
    ask_server --fail-early --max-time "$silence" --output /dev/null --rate "$questions_per_second/s" \
        --header "X-Amz-Meta-Minio-Object-Perf: true" \
        --write-out '%{stderr}%header{x-ratelimit-limit} %header{x-ratelimit-remaining}\n' \
        "$POD_URL/?[1-$((questions_per_second * longest_search))]" 2>&1
}

# Answers are read late where processors are busy, and requests begin meanwhile. So it is stopped first, and ends only if what it
# said until then was calm, too. Otherwise it goes on.
end_in_calm() {
    requests | {
        calm=0 stopped=
        while read -r limit remaining; do
            # A line without numbers is no answer in time, with which curl ends.
            if [ -n "$stopped" ]; then
                if [ "$limit" != "$remaining" ]; then calm=0; fi
            elif [ -z "$limit" ] || [ "$limit" != "$remaining" ]; then
                calm=0
            else
                calm=$((calm + 1))
                if [ "$calm" -eq "$calm_answers" ]; then kill -STOP "$server"; stopped=1; fi
            fi
        done
        if [ -n "$stopped" ] && [ "$calm" -gt 0 ]; then end; else kill -CONT "$server"; false; fi
    }
}

# Unlike `:`, `true` does not end the shell where the file cannot be written.
end() { true > "$start/ending"; kill -KILL "$server"; }

# Nobody would hear of the end of a server that holds all requests.
[ ! -e "$thaw" ] || curl --config "$thaw"
server=$(cat "$start/server")
drained=0
while [ "$drained" -lt "$drain" ] && ! in_vain; do sleep 1; drained=$((drained + 1)); done
if in_vain; then end; exit; fi
last=$(($(date +%s) + longest_search))
command -v curl > /dev/null || last=0
until end_in_calm; do
    [ "$(date +%s)" -lt "$last" ] || { end; break; }
    sleep "$silence"
done
release_left_locks
sleep "$linger"
