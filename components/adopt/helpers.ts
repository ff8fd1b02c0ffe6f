/** Functions of the shell that the steps call. Pure. */

/** The functions that these commands call. */
export function helpersOf(namespace: string, commands: string): string {
    const helpers: Record<string, string> = {
        retained: `# retained VOLUME: the volume outlives its claim.
retained() {
    local policy
    policy=$(kubectl get pv "$1" --output='jsonpath={.spec.persistentVolumeReclaimPolicy}')
    if [ "$policy" != Retain ]; then
        echo "the volume $1 would be deleted with its claim: run prepare.sh first" >&2
        exit 1
    fi
}`,
        asRoot: `# asRoot POD CONTAINER VOLUME CLAIM: it runs as root, or has ended for move.sh, which gave the volume to
# the claim.
asRoot() {
    local pod who owner
    pod=$(k get pod "$1" --ignore-not-found --output=name)
    if [ -z "$pod" ]; then
        owner=$(kubectl get pv "$3" --output='jsonpath={.spec.claimRef.name}')
        if [ "$owner" = "$4" ]; then return; fi
        echo "$1 does not run, and its StatefulSet names no user: start it, or set securityContext.runAsUser of its container $2" \\
            "to the user that the files belong to, 0 for root, and run minio-cluster adopt again" >&2
        exit 1
    fi
    who=$(k exec "$1" --container="$2" -- id -u || echo '?')
    if [ "$who" != 0 ]; then
        echo "$1 runs as the user $who, and its StatefulSet names none: set securityContext.runAsUser of its container $2" \\
            "to the user that the servers run as, 0 for root, and run minio-cluster adopt again" >&2
        exit 1
    fi
}`,
        unused: `# unused CLAIM VOLUME: nobody has this claim for another volume, and it is not going.
unused() {
    local there volume going
    there=$(k get pvc "$1" --ignore-not-found \\
        --output='jsonpath={.metadata.name} {.spec.volumeName} {.metadata.deletionTimestamp}')
    read -r there volume going <<< "$there"
    if [ -n "$going" ]; then
        echo "the claim $1 is being deleted, and something still uses it: end that, and run this again" >&2
        exit 1
    fi
    if [ -n "$there" ] && [ "$volume" != "$2" ]; then
        echo "the claim $1 is there with another volume, $volume instead of $2: what uses it was started too early;" \\
            "stop that, and delete the claim" >&2
        exit 1
    fi
}`,
        belongs: `# belongs VOLUME FROM TO: the volume is FROM's or already TO's, and FROM has no other one. It leaves the
# name in $claim.
belongs() {
    local has
    claim=$(kubectl get pv "$1" --output='jsonpath={.spec.claimRef.name}')
    if [ "$claim" = "$3" ]; then return; fi
    if [ "$claim" != "$2" ]; then
        echo "the volume $1 belongs to the claim $claim, neither to $2 nor to $3" >&2
        exit 1
    fi
    has=$(k get pvc "$2" --ignore-not-found --output='jsonpath={.spec.volumeName}')
    if [ -n "$has" ] && [ "$has" != "$1" ]; then
        echo "the claim $2 has the volume $has, and this script means $1: the drive was replaced since the look." \\
            "If $has has the data, write it for $1 in prepare.sh, move.sh and back.sh, and run prepare.sh." \\
            "If it is empty, delete the claim $2 when nobody uses it. Then run this again" >&2
        exit 1
    fi
}`,
        give: `# give VOLUME FROM TO: the claim FROM goes, and TO may have its volume.
give() {
    local there
    belongs "$1" "$2" "$3"
    if [ "$claim" = "$3" ]; then
        there=$(k get pvc "$3" --ignore-not-found --output=name)
        if [ -n "$there" ]; then return; fi
    else
        retained "$1"
        k delete pvc "$2" --ignore-not-found --timeout=120s
    fi
    kubectl patch pv "$1" --type=merge --patch \\
        "{\\"spec\\":{\\"claimRef\\":{\\"namespace\\":\\"${namespace}\\",\\"name\\":\\"$3\\",\\"uid\\":null,\\"resourceVersion\\":null}}}"
}`,
        asSeen: `# asSeen STATEFULSET SERVERS: it has these servers, as when it was looked at, or none.
asSeen() {
    local now
    now=$(k get statefulset "$1" --output='jsonpath={.spec.replicas}')
    if [ "$now" != "$2" ] && [ "$now" != 0 ]; then
        echo "the StatefulSet $1 has $now servers, and had $2 when it was looked at: run minio-cluster adopt again" >&2
        exit 1
    fi
}`,
        pools: `# pools TENANT STATEFULSET...: the tenant has these pools, as when it was looked at.
pools() {
    local tenant=$1 now
    shift
    now=$(k get statefulsets --selector="v1.min.io/tenant=$tenant" --output='jsonpath={.items[*].metadata.name}' |
        xargs -n 1 | sort | xargs)
    if [ "$now" != "$(printf '%s\\n' "$@" | sort | xargs)" ]; then
        echo "the tenant $tenant has the pools $now, and had $* when it was looked at: run minio-cluster adopt again" >&2
        exit 1
    fi
}`,
        stopped: `# stopped STATEFULSET...: nothing has started them again.
stopped() {
    local one servers
    for one; do
        servers=$(k get statefulset "$one" --output='jsonpath={.spec.replicas}')
        if [ "$servers" != 0 ]; then
            echo "something has started the StatefulSet $one again, such as Argo CD, Flux or an operator:" \\
                "stop that, and run this again" >&2
            exit 1
        fi
    done
}`,
        there: `# there STATEFULSET...: they are.
there() {
    local one is
    for one; do
        is=$(k get statefulset "$one" --ignore-not-found --output=name)
        if [ -z "$is" ]; then
            echo "the old cluster is removed, and there is no way back to it by this script" >&2
            exit 1
        fi
    done
}`,
        lead: `# lead SERVICE PATCH: the Service leads elsewhere, where it is there.
lead() {
    local is
    is=$(k get service "$1" --ignore-not-found --output=name)
    if [ -z "$is" ]; then
        echo "the Service $1 is not there: clients that used it need another address" >&2
        return
    fi
    k patch service "$1" --type=json --patch "$2"
}`,
        known: `# known CLUSTER CLAIM...: it has no other drives.
known() {
    local cluster=$1 claims other
    shift
    claims=$(k get pvc --selector="app=$cluster" --output='jsonpath={.items[*].metadata.name}')
    other=$(comm -23 <(xargs -n 1 <<< "$claims" | sort) <(printf '%s\\n' "$@" | sort) | xargs)
    if [ -n "$other" ]; then
        echo "the MinioCluster $cluster has got more drives, and the old servers would not have their objects: $other." \\
            "Bring $cluster up again and let its further pools leave (decommission: true); then delete these claims" >&2
        exit 1
    fi
}`,
        gone: `# gone CLUSTER: its StatefulSets are, and it waits until its pods are. No answer is not taken for none.
gone() {
    local there deadline=$((SECONDS + 300))
    there=$(k get statefulsets --selector="app=$1" --output=name | xargs)
    if [ -n "$there" ]; then
        echo "$there is there: run pulumi destroy first" >&2
        exit 1
    fi
    while true; do
        there=$(k get pods --selector="app=$1,pool" --output=name | xargs)
        if [ -z "$there" ]; then return; fi
        if [ "$SECONDS" -ge "$deadline" ]; then
            echo "these pods do not end: $there" >&2
            exit 1
        fi
        sleep 1
    done
}`,
        ended: `# ended SELECTOR: waits until these pods have; one that fails or does not start ends the script.
ended() {
    local failed pending running deadline=$((SECONDS + 120))
    while true; do
        failed=$(k get pods --selector="$1" --field-selector=status.phase=Failed --output=name | xargs)
        if [ -n "$failed" ]; then
            echo "$failed failed: see kubectl logs $failed --namespace=${namespace}, or kubectl describe;" \\
                "mend that, and run this again" >&2
            exit 1
        fi
        pending=$(k get pods --selector="$1" --field-selector=status.phase=Pending --output=name | xargs)
        if [ -n "$pending" ] && [ "$SECONDS" -ge "$deadline" ]; then
            echo "$pending did not start within 120 s: see kubectl describe $pending --namespace=${namespace};" \\
                "mend that, and run this again" >&2
            exit 1
        fi
        running=$(k get pods --selector="$1" --field-selector=status.phase!=Succeeded --output=name)
        if [ -z "$running" ]; then return; fi
        sleep 1
    done
}`,
    };
    const called = Object.keys(helpers).filter((name) => new RegExp(`^${name} `, "m").test(commands));
    return called.map((name) => `${helpers[name]}\n\n`).join("");
}
