/** The commands that move the drives of an old cluster to a MinioCluster, and back. Pure. */
import type { V1PersistentVolumeClaim } from "@kubernetes/client-node";
import { element } from "../basics/element";
import { claimKind } from "../kubernetes/kinds";
import { minioId } from "../server/podTemplate";
import { passwordKey, userKey } from "../spec/rootCredentials";
import type { AdoptedDrive, Adoption } from "./adoption";
import type { Entrance } from "./entrances";
import { helpersOf } from "./helpers";
import { claimAnnotationsOf } from "./settings";

export interface StepsOptions {
    /** Context of the kubeconfig. Default: the current one. */
    context?: string;
}

/** Of the pods that give files away: the cluster that they do it for. */
const ownerLabel = "minio-cluster/owner-of";

/** Text as one word of a shell. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * What is done while the old servers serve, what ends them, and the way back. Each may run again after an interruption.
 */
export interface Steps {
    prepare: string;
    move: string;
    back: string;
}

export function stepsOf(adoption: Adoption, options: StepsOptions = {}): Steps {
    return {
        prepare: prepareScript(adoption, options),
        move: moveScript(adoption, options),
        back: backScript(adoption, options),
    };
}

/** Whether two ways back are of different clusters: by the line that names both, and by the namespace's uid. */
export function isOfAnother(script: string, back: string): boolean {
    const [one, other] = [script, back].map((text) => text.match(/^# Gives the drives.*|"\$uid" != .*$/gm)?.join());
    return one !== other;
}

function prepareScript(adoption: Adoption, options: StepsOptions): string {
    return scriptOf(
        adoption,
        options,
        [
            `Prepares ${adoption.old} for the MinioCluster ${adoption.name}. It stops nothing.`,
            "Then run pulumi preview, which needs the Secret.",
        ],
        [
            ...asRootStep(adoption),
            ["The root account, under the keys that the MinioCluster reads.", rootSecretStep(adoption)],
            ["Volumes outlive their claims from now on.", retainStep(adoption.drives)],
        ],
    );
}

function moveScript(adoption: Adoption, options: StepsOptions): string {
    const { name, operator, statefulSets, drives, ownedByRoot } = adoption;
    const steps: [string, string][] = [
        ["What prepare.sh has done is there, and the old cluster is as it was seen.", preparedStep(adoption)],
        ...(operator ? [operatorStep(adoption, 0)] : []),
        [
            "The old servers end, and their claims stay. From here on nobody is served.",
            `${stopStep(statefulSets)}\nstopped ${setsOf(adoption)}`,
        ],
        ["Each volume gets a claim of the new name.", claimsStep(drives.map(moved), newClaim(adoption))],
        ...(ownedByRoot === undefined ? [] : [ownerStep(adoption, ownedByRoot.image)]),
        ["The old addresses lead to the new servers.", entranceStep(adoption, true)],
        ["Nothing has started the old servers again meanwhile.", `stopped ${setsOf(adoption)}`],
    ];
    return scriptOf(
        adoption,
        options,
        [
            `Gives the drives of ${adoption.old} to the MinioCluster ${name}.`,
            "It may run again after an interruption. Then run pulumi up.",
        ],
        steps,
    );
}

function backScript(adoption: Adoption, options: StepsOptions): string {
    const { name, operator, statefulSets, drives } = adoption;
    const steps: [string, string][] = [
        ["The old servers are known here: without them, nothing would serve.", `there ${setsOf(adoption)}`],
        ["The new servers must be gone: run pulumi destroy before.", `gone ${name}`],
        [
            "All drives of the new servers are known here.",
            `known ${name} ${drives.map(({ claim }) => claim).join(" ")}`,
        ],
        ["Every drive is where it was.", drivesStep(drives.map(exchanged))],
        [
            "What gave its files away has ended.",
            `k delete pods --selector=${ownerLabel}=${name} --ignore-not-found --timeout=120s`,
        ],
        ["Each volume gets its old claim.", claimsStep(drives.map(exchanged), oldClaim)],
        ["The old addresses lead to the old servers.", entranceStep(adoption, false)],
        [
            "The old servers start.",
            statefulSets.map(({ name, replicas }) => `k scale statefulset ${name} --replicas=${replicas}`).join("\n"),
        ],
        ...(operator?.replicas ? [operatorStep(adoption, operator.replicas)] : []),
    ];
    return scriptOf(
        adoption,
        options,
        [`Gives the drives of the MinioCluster ${name} back to ${adoption.old}.`, "Run pulumi destroy before."],
        steps,
    );
}

function scriptOf(
    { namespace }: Adoption,
    { context }: StepsOptions,
    about: string[],
    steps: [what: string, commands: string][],
): string {
    const commands = steps.map(([what, commands], index) => `\n# ${index + 1}. ${what}\n${commands}`).join("\n");
    // The current one may become another while a script waits. Where there is none, as in a pod, it is empty, and says
    // nothing.
    const started = "$(command kubectl config current-context 2> /dev/null || true)";
    return `#!/usr/bin/env bash
${about.map((line) => `# ${line}`).join("\n")}
set -euo pipefail
context=${context === undefined ? started : quoted(context)}
kubectl() { command kubectl --context="$context" "$@"; }
k() { kubectl --namespace=${namespace.name} "$@"; }

uid=$(kubectl get namespace ${namespace.name} --output='jsonpath={.metadata.uid}')
if [ "$uid" != ${namespace.uid} ]; then
    echo "the namespace ${namespace.name} of this Kubernetes cluster is not the one that was looked at" >&2
    exit 1
fi

${helpersOf(namespace.name, commands)}${commands}
`;
}

function rootSecretStep({ root, rootSecret }: Adoption): string {
    const value = (secret: string, key: string) =>
        `k get secret ${secret} --output=${quoted(`jsonpath={.data.${key.replaceAll(".", "\\.")}}`)} | base64 --decode`;
    const parts: Record<typeof root.kind, () => [where: string, functions: string]> = {
        keys: () => {
            const { secret, userKey, passwordKey } = root as Extract<typeof root, { kind: "keys" }>;
            return [
                `Secret ${secret}: ${userKey} or ${passwordKey}`,
                `user() { ${value(secret, userKey)}; }\npassword() { ${value(secret, passwordKey)}; }`,
            ];
        },
        file: () => {
            const { secret, key } = root as Extract<typeof root, { kind: "file" }>;
            const read = (variable: string) => `${value(secret, key)} | exported ${variable}`;
            return [
                `Secret ${secret}, ${key}: MINIO_ROOT_USER or MINIO_ROOT_PASSWORD`,
                // Neither the shell nor MinIO expands anything in a value (`parsEnvEntry` in `cmd/common-main.go`).
                `exported() {\n    sed -nE "s/^[[:space:]]*(export)?[[:space:]]*$1=//p" | tail -n 1 |\n` +
                    `        sed -E "s/[[:space:]]+$//; s/^(['\\"])(.*)\\1$/\\2/" | tr -d '\\n'\n}\n` +
                    `user() { ${read("MINIO_ROOT_USER")}; }\npassword() { ${read("MINIO_ROOT_PASSWORD")}; }`,
            ];
        },
        plain: () => {
            const { statefulSet, container, variables } = root as Extract<typeof root, { kind: "plain" }>;
            const [user, password] = variables;
            const read = (variable: string) => {
                const path = `{.spec.template.spec.containers[?(@.name=="${container}")].env[?(@.name=="${variable}")].value}`;
                return `k get statefulset ${statefulSet} --output=${quoted(`jsonpath=${path}`)}`;
            };
            return [
                `StatefulSet ${statefulSet}: ${user} or ${password}`,
                `user() { ${read(user)}; }\npassword() { ${read(password)}; }`,
            ];
        },
    };
    const [where, functions] = parts[root.kind]();
    // The dots keep newlines at the ends of values, which a shell drops.
    return `${functions}
user=$(user && printf .)
password=$(password && printf .)
if [ "$user" = . ] || [ "$password" = . ]; then
    echo ${quoted(`${where} is empty: give it the root account of the old cluster, and run this again`)} >&2
    exit 1
fi
made=$(k get secret ${rootSecret} --ignore-not-found --output=name)
if [ -n "$made" ]; then
    madeUser=$(${value(rootSecret, userKey)} && printf .)
    madePassword=$(${value(rootSecret, passwordKey)} && printf .)
    if [ "$madeUser" != "$user" ] || [ "$madePassword" != "$password" ]; then
        echo ${quoted(`the Secret ${rootSecret} is there with another root account than the old cluster's: delete it, and run this again`)} >&2
        exit 1
    fi
else
    k create secret generic ${rootSecret} \\
        --from-file=${userKey}=<(printf %s "\${user%.}") --from-file=${passwordKey}=<(printf %s "\${password%.}")
fi`;
}

/** An image may have a user of its own, whom only a look into a server tells. */
function asRootStep({ ownedByRoot, statefulSets, drives }: Adoption): [string, string][] {
    const { volume, claim } = element(drives, 0);
    return ownedByRoot?.container === undefined
        ? []
        : [
              [
                  "The old servers run as root.",
                  `asRoot ${statefulSets[0]?.name}-0 ${ownedByRoot.container} ${volume} ${claim}`,
              ],
          ];
}

function preparedStep(adoption: Adoption): string {
    const { rootSecret, drives, statefulSets, tenant } = adoption;
    return [
        `k get secret ${rootSecret} --output=name`,
        ...statefulSets.map(({ name, replicas }) => `asSeen ${name} ${replicas}`),
        ...(tenant === undefined ? [] : [`pools ${tenant} ${setsOf(adoption)}`]),
        drivesStep(drives.map(moved)),
    ].join("\n");
}

/** Looked at for all drives before the first one moves. */
function drivesStep(moves: Move[]): string {
    return [
        ...moves.map(({ volume }) => `retained ${volume}`),
        ...moves.map(({ volume, from, to }) => `belongs ${volume} ${from} ${to}`),
        ...moves.map(({ volume, to }) => `unused ${to} ${volume}`),
    ].join("\n");
}

function retainStep(drives: AdoptedDrive[]): string {
    const patch = JSON.stringify({ spec: { persistentVolumeReclaimPolicy: "Retain" } });
    return drives.map(({ volume }) => `kubectl patch pv ${volume} --patch ${quoted(patch)}`).join("\n");
}

function operatorStep({ operator }: Adoption, replicas: number): [string, string] {
    const { namespace, name } = operator as NonNullable<Adoption["operator"]>;
    const scale = `kubectl scale deployment ${name} --namespace=${namespace} --replicas=${replicas}`;
    return replicas === 0
        ? [
              "MinIO's operator would start the old servers again: it stops, for all its tenants.",
              `labels=$(kubectl get deployment ${name} --namespace=${namespace} \\
    --output='go-template={{range $k, $v := .spec.selector.matchLabels}}{{$k}}={{$v}},{{end}}' | sed 's/,$//')
${scale}
kubectl wait pods --namespace=${namespace} --for=delete --selector="$labels" --timeout=120s`,
          ]
        : [
              "MinIO's operator manages the old servers again, unless it would start those of another tenant " +
                  "that are stopped.",
              `stopped=$(kubectl get statefulsets --all-namespaces --selector=v1.min.io/tenant \\
    --output='jsonpath={range .items[?(@.spec.replicas==0)]}{.metadata.namespace}/{.metadata.name} {end}')
if [ -n "$stopped" ]; then
    echo "MinIO's operator stays as it is, as it would start $stopped: once these are deleted or serve again," \\
        "run ${scale}"
else
    ${scale}
fi`,
          ];
}

function stopStep(statefulSets: Adoption["statefulSets"]): string {
    const scale = statefulSets.map(({ name }) => `k scale statefulset ${name} --replicas=0`);
    const pods = statefulSets.flatMap(({ name, replicas }) =>
        Array.from({ length: replicas }, (_, ordinal) => `pod/${name}-${ordinal}`),
    );
    return [...scale, `k wait ${pods.join(" ")} --for=delete --timeout=300s`].join("\n");
}

const setsOf = ({ statefulSets }: Adoption) => statefulSets.map(({ name }) => name).join(" ");

/** A move of a volume from one claim to another. */
interface Move {
    volume: string;
    from: string;
    to: string;
    drive: AdoptedDrive;
}

const moved = (drive: AdoptedDrive): Move => ({
    volume: drive.volume,
    from: drive.old.metadata?.name ?? "",
    to: drive.claim,
    drive,
});

const exchanged = (drive: AdoptedDrive): Move => {
    const { from, to, ...rest } = moved(drive);
    return { ...rest, from: to, to: from };
};

function claimsStep(moves: Move[], claimOf: (drive: AdoptedDrive) => object): string {
    const list = { apiVersion: "v1", kind: "List", items: moves.map(({ drive }) => claimOf(drive)) };
    return `${moves.map(({ volume, from, to }) => `give ${volume} ${from} ${to}`).join("\n")}
k apply --filename=- << 'END'
${JSON.stringify(list, undefined, 1)}
END
k wait ${moves.map(({ to }) => `pvc/${to}`).join(" ")} --for='jsonpath={.status.phase}=Bound' --timeout=120s`;
}

const newClaim =
    ({ namespace }: Adoption) =>
    ({ claim, labels, old }: AdoptedDrive): object =>
        claimObject(old, { name: claim, namespace: namespace.name, labels });

/** As it was, without what Kubernetes has written. */
const oldClaim = ({ old }: AdoptedDrive): object =>
    claimObject(old, {
        name: old.metadata?.name,
        namespace: old.metadata?.namespace,
        labels: old.metadata?.labels,
        annotations: claimAnnotationsOf(old.metadata?.annotations),
    });

function claimObject({ spec }: V1PersistentVolumeClaim, metadata: object): object {
    const { accessModes, resources, storageClassName, volumeAttributesClassName, volumeMode, volumeName } = spec ?? {};
    const classes = { storageClassName, volumeAttributesClassName };
    return { ...claimKind, metadata, spec: { accessModes, resources, ...classes, volumeMode, volumeName } };
}

/** The servers are no root, and only the owner of a file may open it as MinIO does. */
function ownerStep({ drives, namespace, name, args }: Adoption, image: string): [string, string] {
    const { nodeSelector, tolerations, imagePullSecrets, resources } = args;
    const servers = [...new Set(drives.map(({ server }) => server))];
    const pods = servers.map((server) => {
        const own = drives.filter((drive) => drive.server === server);
        return {
            apiVersion: "v1",
            kind: "Pod",
            metadata: { name: `owner-${server}`, namespace: namespace.name, labels: { [ownerLabel]: name } },
            // They come where the old servers did, whose nodes have the image.
            spec: {
                ...{ nodeSelector, tolerations, imagePullSecrets },
                // A pod that fails stays to be seen, and says why.
                restartPolicy: "Never",
                automountServiceAccountToken: false,
                containers: [
                    {
                        name: "owner",
                        image,
                        imagePullPolicy: "IfNotPresent",
                        resources,
                        command: ["chown", "-R", `${minioId}:${minioId}`, ...own.map((_, drive) => `/drive${drive}`)],
                        securityContext: { runAsUser: 0 },
                        volumeMounts: own.map((_, drive) => ({ name: `drive${drive}`, mountPath: `/drive${drive}` })),
                    },
                ],
                volumes: own.map(({ claim }, drive) => ({
                    name: `drive${drive}`,
                    persistentVolumeClaim: { claimName: claim },
                })),
            },
        };
    });
    const names = servers.map((server) => `pod/owner-${server}`).join(" ");
    return [
        `Every file belongs to the user ${minioId}, as only the owner of a file may open it as MinIO does.`,
        `k delete pods --selector=${ownerLabel}=${name} --field-selector=status.phase=Failed --ignore-not-found --timeout=120s
k apply --filename=- << 'END'
${JSON.stringify({ apiVersion: "v1", kind: "List", items: pods }, undefined, 1)}
END
ended ${ownerLabel}=${name}
# One that somebody has deleted did not.
k wait ${names} --for='jsonpath={.status.phase}=Succeeded' --timeout=10s
k delete ${names}`,
    ];
}

function entranceStep({ entrances, name }: Adoption, forward: boolean): string {
    const patchOf = ({ selector, ports }: Entrance) => [
        { op: "replace", path: "/spec/selector", value: forward ? { app: name } : selector },
        ...ports.map(({ was, becomes }, index) => ({
            op: "replace",
            path: `/spec/ports/${index}/targetPort`,
            value: forward ? becomes : was,
        })),
    ];
    return entrances.length === 0
        ? ": # There is none."
        : entrances.map((one) => `lead ${one.name} ${quoted(JSON.stringify(patchOf(one)))}`).join("\n");
}
