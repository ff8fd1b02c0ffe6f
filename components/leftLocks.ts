import { curl } from "./curl";
import type { MinioClusterSpec } from "./defaults";
import { apiPort, scheme } from "./endpoints";
import { type Names, serviceDnsName } from "./names";

/** SHA-256 of an empty body: MinIO's admin API wants it said. */
const emptyBody = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/**
 * Shell: makes the other servers forget the locks that a server of this pod's name still had when it ended at once.
 *
 * They keep them for one to two minutes (`lockMaintenanceLoop` in `cmd/lock-rest-server.go`), and so long whoever wants the same
 * object waits. It may be any object: a server locks not only what clients write, but also what it heals, and it heals what reads find
 * incomplete, as they do all the time while servers restart one after another (`healObject` in `cmd/erasure-healing.go`; tried: two
 * reads of 46,000 waited for 50 and 60 s).
 *
 * It asks whichever server the Service leads to, and ends with curl's status. Where none serves, nobody waits either.
 *
 * A lock for reading stays when others read the same object, as MinIO cannot release one of several. So do those on keys with `,`, `{`,
 * `"`, `\`, `<`, `>` or `&`, and with several pools those of healing in all but the first (`ForceUnlockHandler` in `cmd/admin-handlers.go`).
 */
export function releaseLeftLocks(names: Names, spec: MinioClusterSpec): string {
    const admin = `${scheme(spec)}://${serviceDnsName(names.cluster, spec)}:${apiPort}/minio/admin/v3`;
    return `
admin() {
    # The password is no argument, which others on the node could see.
    printf 'user = %s:%s\\n' "$MINIO_ROOT_USER" "$MINIO_ROOT_PASSWORD" |
        ${curl} --config - --fail --max-time 2 --aws-sigv4 aws:amz:us-east-1:s3 \\
            --header "x-amz-content-sha256: ${emptyBody}" --request "$1" "${admin}/$2"
}
encode() {
    rest=$1 encoded=
    while [ -n "$rest" ]; do
        byte=\${rest%"\${rest#?}"} rest=\${rest#?}
        case $byte in
            [A-Za-z0-9._~-]) encoded=$encoded$byte ;;
            /) encoded=$encoded%2F ;;
            *) encoded=$encoded$(printf %%%02X $(($(printf %d "'$byte") & 255))) ;;
        esac
    done
}
release_left_locks() (
    LC_ALL=C; set -f
    locks=$(admin GET "top/locks?count=0&stale=true") || exit
    own="\\"owner\\":\\"$(cat /etc/hostname)." others= paths= IFS="{"
    for lock in $locks; do
        case $lock in *"$own"*) ;; *) others=$others$lock ;; esac
    done
    for lock in $locks; do
        # One that begins otherwise is a piece of one whose key has a brace.
        case $lock in '"time":'*"$own"*) ;; *) continue ;; esac
        path=\${lock#*'"resource":"'} path=\${path%%'","type":"'*}
        case $path in *[,\\\\]*) continue ;; esac
        case $lock in *'"type":"READ"'*)
            case $others in *"\\"resource\\":\\"$path\\""*) continue ;; esac ;;
        esac
        encode "$path"
        paths=\${paths:+$paths%2C}$encoded
    done
    [ -z "$paths" ] || admin POST "force-unlock?paths=$paths"
)`;
}
