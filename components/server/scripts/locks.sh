# Makes the other servers forget the locks that a server of this pod's name left. The rule: components/server/scripts.ts.

# Seconds between the two looks: what the dead server sent last has arrived by then, and what lives has moved.
between_looks=1
# Seconds. A lock that is older may be forgotten by itself; the clocks of two nodes may be apart by so much.
oldest=40
clocks_apart=15
# The releases of one look end after so many seconds, long before what it saw can be forgotten.
longest_release=5
# Characters of the names in one request. A URL has other readers than the server.
longest_names=8000
# SHA-256 of an empty body: MinIO's admin API wants it said.
empty_body=e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855

# Ends with curl's status. In a shell of its own, which it may leave, and whose IFS it may change.
release_left_locks() ( look_and_release )

look_and_release() {
    if [ "$CLUSTER_LOCKERS" -eq 0 ]; then
        admin GET "top/locks?count=1" > /dev/null
        exit
    fi
    LC_ALL=C; export LC_ALL; set -f
    tab=$(printf '\t') line_end="
"
    lockers=$CLUSTER_LOCKERS
    case $POD_NAME in "$CLUSTER_FIRST_POOL"-[0-9]*) lockers=$((lockers - 1)) ;; esac
    locks=$(admin GET "top/locks?count=0&stale=true") || exit
    IFS=$line_end
    before=$(own_locks "$locks")
    case $before$line_end in *"${tab}left$line_end"*) ;; *) exit 0 ;; esac
    sleep "$between_looks"
    since=$(date +%s)
    locks=$(admin GET "top/locks?count=0&stale=true") || exit
    now=$(own_locks "$locks")
    # One that it had not before: a server of this name lives.
    case $(printf '%s\n' "$before" "$before" "$now" | sort | uniq -u)$line_end in *"${tab}own$line_end"*) exit 0 ;; esac
    bytes=$(bytes) objects=
    for line in $(printf '%s\n' "$before" "$now" | sort | uniq -d); do
        IFS=$tab
        # shellcheck disable=SC2086 # It is to be split.
        set -- $line
        [ "$3" = left ] || continue
        encode "$1"
        objects=${objects:+$objects%2C}$encoded
        if [ ${#objects} -gt "$longest_names" ]; then
            release || exit
            objects=
            [ $(($(date +%s) - since)) -lt "$longest_release" ] || exit 0
        fi
    done
    release
}

release() { [ -z "$objects" ] || admin POST "force-unlock?paths=$objects"; }

admin() {
    # The user and password are no argument, which others on the node could see.
    printf 'user = "%s:%s"\n' "$(quote "$MINIO_ROOT_USER")" "$(quote "$MINIO_ROOT_PASSWORD")" |
        ask_server --config - --fail --max-time 2 --aws-sigv4 aws:amz:us-east-1:s3 \
            --header "x-amz-content-sha256: $empty_body" --request "$1" "$CLUSTER_URL/minio/admin/v3/$2"
}

# As it stands between quotes in a configuration of curl.
quote() {
    rest=$1 quoted=
    while [ -n "$rest" ]; do
        sign=${rest%"${rest#?}"} rest=${rest#?}
        case $sign in
            \\ | '"') quoted=$quoted\\$sign ;;
            "
") quoted=$quoted\\n ;;
            *) quoted=$quoted$sign ;;
        esac
    done
    printf %s "$quoted"
}

# Of one look: each object that is locked by this pod's server, with the lock's id, as own; and as left where it may be released.
own_locks() {
    last='' lone=''
    for line in $(locks_by_object "$1" | sort); do
        IFS=$tab
        # shellcheck disable=SC2086 # It is to be split.
        set -- $line
        if [ "$1" = "$last" ]; then
            lone=
        else
            [ -z "$lone" ] || printf '%s\tleft\n' "$lone"
            last=$1 lone=
            [ "$2" != left ] || lone=$1$tab$3
        fi
        [ "$2" = other ] || printf '%s\t%s\town\n' "$1" "$3"
    done
    [ -z "$lone" ] || printf '%s\tleft\n' "$lone"
}

locks_by_object() {
    IFS="{"
    for lock in $1; do
        IFS='"'
        # shellcheck disable=SC2086 # It is to be split.
        set -- $lock
        # It is a piece of one, or has escaped quotes, where the key has a brace or a quote.
        case $1$2$3${12}${16}${20} in time:typesourceserverlist) ;; *) continue ;; esac
        object=${10} type=${14} age=${7#:} servers=0 away=
        shift 20
        # A host, and what stands between it and the next.
        while [ $# -gt 2 ] && [ "$2" != owner ]; do
            case $2 in
                "$POD_NAME".*) away=1 ;;
                "$CLUSTER_FIRST_POOL"-[0-9]*) servers=$((servers + 1)) ;;
                *) away=1 ;;
            esac
            shift 2
        done
        case $2$4 in
            owner"$POD_NAME".*)
                who=left
                case $object in *[,\\]*) who=own ;; esac
                { [ "$type" = WRITE ] && [ "$servers" -eq "$lockers" ] && [ -z "$away" ] &&
                    [ "${age%,}" -lt "${oldest}000000000" ] && [ "${age%,}" -gt "-${clocks_apart}000000000" ]; } || who=own
                printf '%s\t%s\t%s\n' "$object" "$who" "$8" ;;
            *) printf '%s\tother\n' "$object" ;;
        esac
    done
}

# As it stands in a URL.
encode() {
    rest=$1 encoded=
    while [ -n "$rest" ]; do
        plain=${rest%%[!A-Za-z0-9._~-]*}
        encoded=$encoded$plain rest=${rest#"$plain"}
        if [ -n "$rest" ]; then
            byte=${rest%"${rest#?}"} rest=${rest#?} before=${bytes%%"$byte"*} encoded=$encoded%
            digit $(((${#before} + 32) / 16)) 0 1 2 3 4 5 6 7 8 9 A B C D E F
            digit $(((${#before} + 32) % 16)) 0 1 2 3 4 5 6 7 8 9 A B C D E F
        fi
    done
}

# The number comes before the digits, of which it is one.
digit() { shift "$1"; encoded=$encoded$2; }

# Every byte from 32 on, in order.
bytes() {
    for a in 0 1 2 3; do for b in 0 1 2 3 4 5 6 7; do for c in 0 1 2 3 4 5 6 7; do
        [ $a$b$c -lt 40 ] || printf %b "\\0$a$b$c"
    done; done; done
}
