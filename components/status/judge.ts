/** What is not right with a cluster, and what to do. Pure. */
import type { DriveInDetail } from "../live/admin";
import { quorumDifference } from "../live/quorums";
import { partsOf } from "../minio/knownFlaws";
import { soonDays } from "../server/certificateFiles";
import { frozenForWhat } from "../spec/labels";
import { certificateDays } from "./certificate";
import type { Observed, Server, ServerStanding } from "./observed";
import { capacityOf, type Left, type QuorumsLeft, quorumsLeft, usedShare } from "./quorumsLeft";

export interface Finding {
    /** `down`: requests fail or wait now. `care`: they do not, and somebody should act. */
    severity: "down" | "care";
    what: string;
    do: string;
}

export type Verdict = "right" | "care" | "unknown";

/** As the alerts of `monitoring` have it. */
const almostFull = 0.9;

/** MinIO leaves 1 % of the drives free (`diskFillFraction` in `cmd/globals.go`). */
const full = 0.99;

/**
 * The worst first.
 *
 * @param setHours how old the newest set of snapshots may be; undefined where sets need not be
 */
export function judge(observed: Observed, setHours?: number): Finding[] {
    const apart = [
        ...snapshots(observed),
        ...(setHours === undefined ? [] : newestSet(observed, setHours)),
        ...differences(observed),
    ];
    if (hibernates(observed)) {
        return [...stopped(observed), ...certificate(observed), ...apart];
    }
    const left = quorumsLeft(observed);
    const findings = [
        ...requests(observed),
        ...quorums(observed, left),
        ...whole(observed, left),
        ...servers(observed),
        ...drives(observed),
        ...room(observed),
        ...certificate(observed),
        ...rollout(observed),
        ...pools(observed),
        ...apart,
    ];
    return [
        ...findings.filter(({ severity }) => severity === "down"),
        ...findings.filter(({ severity }) => severity === "care"),
    ];
}

/** Nobody can say that all is right who could not look. */
export function verdictOf({ unread, program }: Pick<Observed, "unread" | "program">, findings: Finding[]): Verdict {
    const isUnknown = unread.some(({ isVital }) => isVital) || program?.why !== undefined;
    return findings.length > 0 ? "care" : isUnknown ? "unknown" : "right";
}

function differences({ program: { stack, differences = [], why } = { stack: "", said: [] } }: Observed): Finding[] {
    const number = differences.length;
    const least = why === undefined ? "" : "at least ";
    return number === 0
        ? []
        : [
              {
                  severity: "care",
                  what: `the program of the stack ${stack} and the cluster differ in ${least}${number} resource${number === 1 ? "" : "s"}`,
                  do: `look at it with pulumi preview --stack ${stack} --refresh --diff; pulumi up --stack ${stack} --refresh makes the cluster what the program says`,
              },
          ];
}

/** Whether all pools are told to have no server. A restore stops them too. */
function hibernates({ pools, restoring }: Observed): boolean {
    return restoring === undefined && pools.every(({ replicas }) => replicas === 0);
}

function stopped({ servers }: Observed): Finding[] {
    const ending = servers.filter(({ standing }) => standing !== "missing").map(({ name }) => name);
    return [
        {
            severity: "down",
            what:
                "the cluster hibernates: all servers are stopped, and the claims of their drives stay" +
                (ending.length > 0 ? `; ${ending.join(", ")} ${ending.length === 1 ? "is" : "are"} still there` : ""),
            do: "set hibernate to false, and run pulumi up; if it is false, somebody scaled the StatefulSets: run pulumi up",
        },
    ];
}

function requests({ frozen = [], frozenFor, servers }: Observed): Finding[] {
    if (frozen.length === 0) {
        return frozenFor === undefined
            ? []
            : [
                  {
                      severity: "care",
                      what: `the note is left that requests are frozen for ${frozenForWhat(frozenFor)}, and no server holds any`,
                      do: "let a pulumi up that runs end; if none runs, run pulumi up, which takes the note away",
                  },
              ];
    }
    const ready = servers.filter(({ standing }) => standing === "ready");
    const who = frozen.length === ready.length ? "all servers" : frozen.join(", ");
    return [
        frozenFor === undefined
            ? {
                  severity: "down",
                  what: `${who} hold every S3 request, reads too: somebody has frozen the cluster, or it is overloaded`,
                  do: "mc admin service unfreeze ALIAS, as often as it was frozen; a server that restarts is thawed, too",
              }
            : {
                  severity: "down",
                  what: `${who} hold every S3 request, reads too: requests are frozen for ${frozenForWhat(frozenFor)}`,
                  do:
                      "wait: the servers thaw alone after snapshots.freezeTimeoutSeconds (60 s by default); later, run pulumi up, " +
                      "which thaws them",
              },
    ];
}

/** By MinIO's health where it says anything; else by the drives. */
function isLost(kind: "reads" | "writes", health: Observed["health"], left: QuorumsLeft | undefined): boolean {
    return health ? !health[kind] : left !== undefined && left[kind].drives < 0;
}

function quorums({ topology, health, servers }: Observed, left: QuorumsLeft | undefined): Finding[] {
    const findings: Finding[] = [];
    const waits = servers.some(({ standing }) => standing === "waiting");
    const bringBack =
        "bring back the servers and drives that are named here; until then drain no node and start no update";
    // The health endpoints leave out the drives of a server that waits, though these serve.
    const doubt = waits ? ". MinIO says so wrongly, too, while a server waits for its peers" : "";
    if (isLost("reads", health, left)) {
        const what = `objects can be neither written nor read: the read quorum is lost${doubt}`;
        findings.push({ severity: "down", what, do: bringBack });
    } else if (isLost("writes", health, left)) {
        const what = `objects cannot be written: the write quorum is lost${doubt}`;
        findings.push({ severity: "down", what, do: bringBack });
    }
    const difference = topology && health?.quorums && quorumDifference(health.quorums, topology);
    if (difference && findings.length === 0) {
        const [what = "", ...others] = difference.split(". ");
        findings.push({ severity: "care", what, do: others.join(". ") });
    }
    return findings;
}

/**
 * Whether enough drives have all objects. MinIO's health counts drives that heal as online, though what is not on them
 * yet cannot be read from them.
 */
function whole(observed: Observed, left: QuorumsLeft | undefined): Finding[] {
    const { health, storage, servers } = observed;
    if (storage === undefined) {
        return [];
    }
    const waiting = new Set(servers.filter(({ standing }) => standing === "waiting").map(({ name }) => name));
    // MinIO tells these as offline, though they serve.
    const drives = storage.drives.map((drive) => (waiting.has(drive.server) ? { ...drive, works: true } : drive));
    const having = quorumsLeft({ ...observed, storage: { ...storage, drives } });
    if (having === undefined || isLost("reads", health, left)) {
        return []; // Then nothing is read at all, which is said already.
    }
    const said = ({ working, size, quorum }: Left, kind: string) =>
        `${working} of ${size} drives of an erasure set ${working === 1 ? "has" : "have"} all objects, and ${kind} needs ${quorum}`;
    if (having.reads.drives < 0) {
        return [
            {
                severity: "down",
                what: `${said(having.reads, "reading")}: reads fail of objects that are not healed yet`,
                do:
                    "replace no other drive and restart no server until all are healed, bring back drives that are named here, and keep " +
                    "the volumes that were replaced; what cannot be read then comes back only by a restore",
            },
        ];
    }
    return having.writes.drives < 0 && !isLost("writes", health, left)
        ? [
              {
                  severity: "care",
                  what: `${said(having.writes, "writing")}: writes rest on drives that heal`,
                  do: "wait, replace no other drive and restart no server until all are healed: reading can spare none of the others",
              },
          ]
        : [];
}

interface Meaning {
    is: string;
    do: (server: Server, namespace: string) => string;
}

const describe = ({ name }: Server, namespace: string) => `kubectl describe pod ${name} --namespace=${namespace}`;

const meanings: Record<Exclude<ServerStanding, "ready">, Meaning> = {
    ending: {
        is: "is ending",
        do: () => "wait: it has a minute; then it is made again",
    },
    missing: {
        is: "has no pod",
        do: (_, namespace) =>
            `kubectl get events --namespace=${namespace} says why Kubernetes makes none: a quota, a webhook, or a StatefulSet that was scaled`,
    },
    lost: {
        is: "is on a node that does not answer",
        do: ({ node }) =>
            `bring the node back; or make sure that it is off, and run kubectl delete node ${node}. A drive that is on that node alone is ` +
            "gone with it",
    },
    unplaced: {
        is: "has no node",
        do: () =>
            "make room for it, or mend what its message names: its claim, resources, nodeSelector, affinity or tolerations",
    },
    failing: {
        is: "does not run",
        do: ({ name }, namespace) =>
            `kubectl logs ${name} --namespace=${namespace} --previous, and set back what was changed last with pulumi up`,
    },
    waiting: {
        is: "waits for servers that are the same as it (image, arguments, MINIO_ variables)",
        do: () => "let a pulumi up that runs end; if none runs, run pulumi up, which continues the rollout",
    },
    starting: {
        is: "starts, and is not ready",
        do: (server, namespace) => `wait a minute; then ${describe(server, namespace)}, and its log`,
    },
};

function servers({ servers, namespace, pools }: Observed): Finding[] {
    const away = servers.flatMap((server): Finding[] => {
        if (server.standing === "ready") {
            return [];
        }
        const { is, do: todo } = meanings[server.standing];
        const where = server.node === undefined ? "" : ` (node ${server.node})`;
        const why = server.why === undefined ? "" : `: ${server.why}`;
        return [{ severity: "care", what: `${server.name}${where} ${is}${why}`, do: todo(server, namespace) }];
    });
    const scaled = pools
        .filter((pool) => pool.replicas !== pool.servers.length)
        .map(
            ({ name, replicas, servers: wanted }): Finding => ({
                severity: "care",
                what: `the StatefulSet ${name} is scaled to ${replicas} servers, and MinIO knows ${wanted.length}`,
                do: `kubectl scale statefulset ${name} --namespace=${namespace} --replicas=${wanted.length}; or pulumi up, which does it`,
            }),
        );
    return [...scaled, ...away];
}

/** Those of a server that is away are gone with it, which is said already. */
function drives({ storage, servers, namespace }: Observed): Finding[] {
    const ready = new Set(servers.filter(({ standing }) => standing === "ready").map(({ name }) => name));
    return (storage?.drives ?? []).flatMap((drive): Finding[] => {
        if (!ready.has(drive.server)) {
            return [];
        }
        if (drive.state !== "ok") {
            return [lostDrive(drive, namespace)];
        }
        if (drive.healing) {
            const what = `${nameOf(drive)} heals: MinIO fills it with what the others have`;
            return [{ severity: "care", what, do: "wait, and restart no other server of its pool until it is healed" }];
        }
        return [];
    });
}

function lostDrive(drive: DriveInDetail, namespace: string): Finding {
    const claim = `${drive.path.replace(/^\//, "")}-${drive.server}`;
    return {
        severity: "care",
        what: `${nameOf(drive)} does not work: MinIO says ${drive.state}`,
        do:
            `look at its volume (kubectl describe pvc ${claim} --namespace=${namespace}); if it works again, kubectl delete pod ${drive.server} ` +
            `--namespace=${namespace}; if it is lost, delete the claim first: MinIO heals the new drive`,
    };
}

function room(observed: Observed): Finding[] {
    const wayOut = "delete what is not needed, raise storageSize, or add a pool (expansionPools)";
    const isFull = ({ state, total, free }: DriveInDetail) => state === "ok" && total > 0 && free <= total * (1 - full);
    const fullDrives = (observed.storage?.drives ?? []).filter(isFull);
    if (fullDrives.length > 0) {
        const names = fullDrives.map(nameOf).join(", ");
        return [{ severity: "down", what: `${names}: full, and MinIO takes no write without room on it`, do: wayOut }];
    }
    const capacity = capacityOf(observed);
    const used = capacity && usedShare(capacity);
    return used !== undefined && used > almostFull
        ? [{ severity: "care", what: `${Math.floor(used * 100)} % of the room is used`, do: wayOut }]
        : [];
}

function certificate({ certificate, at }: Observed): Finding[] {
    if (certificate === undefined) {
        return [];
    }
    const { secret, from, until } = certificate;
    const wayOut =
        `put a valid one into the Secret ${secret}: the servers take it without a restart. With tls.issuer, see why cert-manager does ` +
        "not: kubectl describe certificate";
    if (from === undefined || until === undefined) {
        const what = `the Secret ${secret} has no certificate that can be read`;
        return [{ severity: "down", what, do: wayOut }];
    }
    const days = certificateDays(until, at);
    if (days <= 0) {
        return [{ severity: "down", what: `the certificate has expired at ${until}: clients refuse it`, do: wayOut }];
    }
    if (Date.parse(from) > Date.parse(at)) {
        return [{ severity: "down", what: `the certificate is valid only from ${from} on`, do: wayOut }];
    }
    return days < soonDays
        ? [{ severity: "care", what: `the certificate expires in ${Math.floor(days)} days, at ${until}`, do: wayOut }]
        : [];
}

function rollout(observed: Observed): Finding[] {
    const progress = rolloutOf(observed);
    return progress === undefined
        ? []
        : [
              {
                  severity: "care",
                  what: `a rollout is not at its end: ${progress}`,
                  do: "let a pulumi up that runs end; if none runs, run pulumi up, which continues it",
              },
          ];
}

/** How far the servers are; undefined where all have what they should have. */
export function rolloutOf({ servers, pools }: Pick<Observed, "servers" | "pools">): string | undefined {
    const outdated = servers.filter((server) => server.outdated).map(({ name }) => name);
    const held = pools.filter(({ partition, wantedPartition }) => partition !== wantedPartition);
    if (outdated.length > 0) {
        const done = servers.length - outdated.length;
        return `${done} of ${servers.length} servers have what they should have, ${outdated.join(", ")} not yet`;
    }
    return held.length > 0
        ? held.map(({ name, partition }) => `the partition of ${name} is still ${partition}`).join(", ")
        : undefined;
}

function pools({ poolStatuses = [] }: Observed): Finding[] {
    return poolStatuses.flatMap(({ id, decommission }): Finding[] => {
        switch (decommission?.state) {
            case "failed":
            case "canceled":
                return [
                    {
                        severity: "care",
                        what: `the decommission of pool ${id} has ended as ${decommission.state}`,
                        do: "read the log of its first server; then pulumi up, with decommission: true of the pool, which begins again",
                    },
                ];
            case "complete":
                return [
                    {
                        severity: "care",
                        what: `the decommission of pool ${id} is complete, and the pool is still there`,
                        do: "take it out of expansionPools, and run pulumi up",
                    },
                ];
            default:
                return [];
        }
    });
}

function snapshots({ takingSet, frozenFor, restoring, sets = [] }: Observed): Finding[] {
    const findings: Finding[] = [];
    const goOn = "let a pulumi up that runs end; if none runs, run pulumi up, which does it again from its beginning";
    if (restoring !== undefined) {
        const what = `a restore from ${restoring} is under way, or was interrupted`;
        findings.push({ severity: "down", what, do: goOn });
    }
    if (takingSet !== undefined && frozenFor === undefined) {
        const what = `the set ${takingSet} is being taken, or that was interrupted`;
        findings.push({ severity: "care", what, do: goOn });
    }
    for (const { set, gone = [] } of sets) {
        if (gone.length > 0) {
            findings.push({
                severity: "care",
                what: `the set ${set} cannot be restored: ${gone.join(", ")} ${gone.length === 1 ? "is" : "are"} gone`,
                do: "take another set; if snapshots.sets has its name, take that out, and run pulumi up",
            });
        }
    }
    return findings;
}

/** By those that can be restored. */
function newestSet({ sets, at }: Observed, hours: number): Finding[] {
    const [newest] = (sets ?? []).filter(({ gone = [] }) => gone.length === 0);
    const age = newest && (Date.parse(at) - Date.parse(newest.takenAt)) / 3_600_000;
    if (age !== undefined && age <= hours) {
        return [];
    }
    const what = newest
        ? `the newest set that can be restored, ${newest.set}, is ${Math.floor(age ?? 0)} hours old, and ${hours} are allowed`
        : sets
          ? `there is no set of snapshots that can be restored, and one of the last ${hours} hours is wanted`
          : "nobody knows how old the newest set of snapshots is";
    const wayOut = "look at the last runs of the schedule that takes sets, and run it again";
    return [{ severity: "care", what, do: sets ? wayOut : "see below what could not be read" }];
}

function nameOf({ server, path }: DriveInDetail): string {
    return `the drive ${path} of ${server}`;
}

/** Which servers have which image, without its digest. */
export function imagesOf({ servers }: Pick<Observed, "servers">): Map<string, string[]> {
    const images = new Map<string, string[]>();
    for (const { name, image } of servers) {
        if (image !== undefined) {
            const { repository, tag } = partsOf(image);
            const short = tag ? `${repository}:${tag}` : image;
            images.set(short, [...(images.get(short) ?? []), name]);
        }
    }
    return images;
}
