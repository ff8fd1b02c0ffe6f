import { apiPort } from "../minio/ports";
import { type Names, poolName, serviceDnsName } from "../spec/names";
import { type MinioClusterSpec, scheme, topologyOfSpec } from "../spec/spec";
import { curl } from "./curl";

/** SHA-256 of an empty body: MinIO's admin API wants it said. */
const emptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** Between two looks at the locks, in seconds: what the dead server sent last has arrived by then, and what lives has moved. */
const betweenLooks = 1;

/**
 * A lock that is older may be forgotten by itself, a minute after its server last refreshed it. The clocks of two nodes may be apart by so
 * much that it is still younger than that.
 */
const oldestSeconds = 40;
const clockSeconds = 15;

/** The releases of one look end after so many seconds, long before what it saw can be forgotten. */
const longestRelease = 5;

/** Of the names in one request, in characters. The server reads headers of up to 1 MiB; a URL has other readers in between. */
const longestNames = 8_000;

/**
 * Shell: makes the other servers forget the locks that a server of this pod's name still had when it ended at once.
 *
 * They keep them for one to two minutes (`lockMaintenance` in `cmd/lock-rest-server.go`), and so long whoever wants the same
 * object waits. It may be any object: a server locks not only what clients write, but also what it heals, and it heals what reads find
 * incomplete, as they do all the time while servers restart one after another (`healObject` in `cmd/erasure-healing.go`; tried: two
 * reads of 46,000 waited for 50 and 60 s).
 *
 * MinIO's only way is to make each server of the first pool forget all locks on an object, whosever they are (`ForceUnlockHandler` in
 * `cmd/admin-handlers.go`). So **a lock is released only where the dead server has it, for writing, on every server that can give one
 * for this object, and nobody else has any.** Then each server that is told to forget finds the dead one's lock or none: as long as it is
 * there, the server gives the object to nobody else, whatever goes on between the look and the release. In particular:
 * - Never one for reading: others get theirs beside it at any time.
 * - Never one that a server has not: it may give its own meanwhile. So all servers of the first pool have it but the dead one.
 * - Never where the first pool has several erasure sets: locks of one object may then be at two sets (`NewNSLock` in
 *   `cmd/erasure-sets.go` and `cmd/erasure-object.go`), and a server with drives in two is told twice.
 * - Never one that may be forgotten by itself in this moment.
 * - Two looks must show it. If this server has locks in the second that it had not in the first, or answers for others' locks, one of its
 *   name lives, as after a pod was deleted by force; nothing is released then.
 *
 * Left are those on keys with `,`, `{`, `"`, `\`, `<`, `>` or `&`, too, which cannot be named or read here.
 *
 * It asks whichever server the Service leads to, and ends with curl's status. Where none serves, nobody waits either. Its time grows with
 * the number of locks, and not faster. What an image has to have for it is sort and uniq, beside curl.
 */
export function releaseLeftLocks(names: Names, spec: MinioClusterSpec): string {
    const admin = `${scheme(spec)}://${serviceDnsName(names.cluster, spec)}:${apiPort}/minio/admin/v3`;
    const [first] = topologyOfSpec(spec)?.pools ?? [];
    const inFirst = `${poolName(names.cluster, 0)}-[0-9]*`;
    const ask = `
admin() {
    # The user and password are no argument, which others on the node could see.
    printf 'user = "%s:%s"\\n' "$(quote "$MINIO_ROOT_USER")" "$(quote "$MINIO_ROOT_PASSWORD")" |
        ${curl} --config - --fail --max-time 2 --aws-sigv4 aws:amz:us-east-1:s3 \\
            --header "x-amz-content-sha256: ${emptyBody}" --request "$1" "${admin}/$2"
}
# As it stands between quotes in a configuration of curl.
quote() {
    rest=$1 quoted=
    while [ -n "$rest" ]; do
        sign=\${rest%"\${rest#?}"} rest=\${rest#?}
        case $sign in
            \\\\ | '"') quoted=$quoted\\\\$sign ;;
            "
") quoted=$quoted\\\\n ;;
            *) quoted=$quoted$sign ;;
        esac
    done
    printf %s "$quoted"
}`;
    if (first === undefined || first.erasureSets > 1) {
        return `${ask}
release_left_locks() { admin GET "top/locks?count=1" > /dev/null; }`;
    }
    return `${ask}
# Every byte from 32 on, in order.
bytes() {
    for a in 0 1 2 3; do for b in 0 1 2 3 4 5 6 7; do for c in 0 1 2 3 4 5 6 7; do
        [ $a$b$c -lt 40 ] || printf "\\\\$a$b$c"
    done; done; done
}
# The number comes before the digits, of which it is one.
digit() { shift "$1"; encoded=$encoded$2; }
encode() {
    rest=$1 encoded=
    while [ -n "$rest" ]; do
        plain=\${rest%%[!A-Za-z0-9._~-]*}
        encoded=$encoded$plain rest=\${rest#"$plain"}
        if [ -n "$rest" ]; then
            byte=\${rest%"\${rest#?}"} rest=\${rest#?} before=\${bytes%%"$byte"*} encoded=$encoded%
            digit $(((\${#before} + 32) / 16)) 0 1 2 3 4 5 6 7 8 9 A B C D E F
            digit $(((\${#before} + 32) % 16)) 0 1 2 3 4 5 6 7 8 9 A B C D E F
        fi
    done
}
# Of one look: each object that is locked by this pod's server, with the lock's id, as own; and as left where it may be released.
own_locks() {
    last= lone=
    for line in $(locks_by_object "$1" | sort); do
        IFS=$tab; set -- $line
        if [ "$1" = "$last" ]; then
            lone=
        else
            [ -z "$lone" ] || printf '%s\\tleft\\n' "$lone"
            last=$1 lone=
            [ $2 != left ] || lone=$1$tab$3
        fi
        [ $2 = other ] || printf '%s\\t%s\\town\\n' "$1" "$3"
    done
    [ -z "$lone" ] || printf '%s\\tleft\\n' "$lone"
}
locks_by_object() {
    IFS="{"
    for lock in $1; do
        IFS='"'; set -- $lock
        # It is a piece of one, or has escaped quotes, where the key has a brace or a quote.
        case $1$2$3\${12}\${16}\${20} in time:typesourceserverlist) ;; *) continue ;; esac
        object=\${10} type=\${14} age=\${7#:} servers=0 away=
        shift 20
        # A host, and what stands between it and the next.
        while [ $# -gt 2 ] && [ "$2" != owner ]; do
            case $2 in "$host".*) away=1 ;; ${inFirst}) servers=$((servers + 1)) ;; *) away=1 ;; esac
            shift 2
        done
        case $2$4 in
            owner"$host".*)
                who=left
                case $object in *[,\\\\]*) who=own ;; esac
                [ $type = WRITE ] && [ $servers -eq $lockers ] && [ -z "$away" ] &&
                    [ \${age%,} -lt ${oldestSeconds}000000000 ] && [ \${age%,} -gt -${clockSeconds}000000000 ] || who=own
                printf '%s\\t%s\\t%s\\n' "$object" $who "$8" ;;
            *) printf '%s\\tother\\n' "$object" ;;
        esac
    done
}
release() { [ -z "$objects" ] || admin POST "force-unlock?paths=$objects"; }
release_left_locks() (
    LC_ALL=C; export LC_ALL; set -f
    tab=$(printf '\\t') line_end="
"
    host=$(cat /etc/hostname) lockers=${first.servers}
    case $host in ${inFirst}) lockers=$((lockers - 1)) ;; esac
    locks=$(admin GET "top/locks?count=0&stale=true") || exit
    IFS=$line_end
    before=$(own_locks "$locks")
    case $before$line_end in *"\${tab}left$line_end"*) ;; *) exit 0 ;; esac
    sleep ${betweenLooks}
    since=$(date +%s)
    locks=$(admin GET "top/locks?count=0&stale=true") || exit
    now=$(own_locks "$locks")
    case $(printf '%s\\n' "$before" "$before" "$now" | sort | uniq -u)$line_end in *"\${tab}own$line_end"*) exit 0 ;; esac
    bytes=$(bytes) objects=
    for line in $(printf '%s\\n' "$before" "$now" | sort | uniq -d); do
        IFS=$tab; set -- $line
        [ $3 = left ] || continue
        encode "$1"
        objects=\${objects:+$objects%2C}$encoded
        if [ \${#objects} -gt ${longestNames} ]; then
            release || exit
            objects=
            [ $(($(date +%s) - since)) -lt ${longestRelease} ] || exit 0
        fi
    done
    release
)`;
}
