/**
 * Writes what in docs/ follows from the sources, as a part of `npm run docs`. docs/reference.md comes from the doc
 * comments, docs/topology/ from components/minio/topology.ts, docs/topology.html from topologyPage/, the list of flaws in
 * docs/security.md from components/minio/knownFlaws.ts.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as ts from "typescript";
import { knownFlaws } from "../components/minio/knownFlaws";
import { topologyOf } from "../components/minio/topology";
import { topologyDrawing } from "./topologyDrawing";
import { topologyPage, topologyPageFile } from "./topologyPage/build";

const root = join(__dirname, "..");
export const referenceFile = join(__dirname, "reference.md");

/** A field of an interface, or an output of the component, with what its doc comment says. */
export interface Field {
    name: string;
    type: string;
    optional: boolean;
    /** The doc comment without its default; empty when there is none. */
    meaning: string;
    default?: string;
}

/** An interface, or the component with its outputs. */
export interface Documented {
    name: string;
    meaning: string;
    fields: Field[];
}

/** A test by its file under tests/ and its title, in which `…` replaces what differs from case to case. */
export type TestName = [file: string, title: string];

/** What a StatefulSet of MinIO servers must offer, the arguments that give it, and the tests that prove it. */
export interface Requirement {
    row: string;
    asked: string;
    /** Paths of arguments, such as `rollout.mode`; none for what is always so. */
    arguments: string[];
    tests: TestName[];
    /** What is not there yet. */
    notYet?: string;
}

const lifecycle = (title: string): TestName => ["e2e/lifecycle.test.ts", title];
const variants = (title: string): TestName => ["e2e/variants.test.ts", title];
const upgrade = (title: string): TestName => ["e2e/upgrade.test.ts", title];
const snapshots = (title: string): TestName => ["e2e/snapshots.test.ts", title];
const groups = (title: string): TestName => ["e2e/groupSnapshots.test.ts", title];
const monitored = (title: string): TestName => ["e2e/monitoring.test.ts", title];
const servers = (title: string): TestName => ["e2e/topology.test.ts", title];
const component = (title: string): TestName => ["unit/minioCluster.test.ts", title];
const change = (title: string): TestName => ["unit/change.test.ts", title];
const rendered: TestName = ["docs/reference.test.ts", "says of this component what it makes"];

/** Every requirement, in the order of the table. */
export const requirements: Requirement[] = [
    {
        row: "stable identity",
        asked: "servers `minio-0`, `minio-1`, … that keep their names and DNS names when their pods are replaced or moved",
        arguments: ["namespace", "clusterDomain"],
        tests: [
            variants("every server has its name, before and after its pod is made anew"),
            component("tells endpoints, server names and topology"),
        ],
    },
    {
        row: "headless Service",
        asked: "`minio-headless`, by which servers find each other, ready or not",
        arguments: [],
        tests: [component("registers these objects under these names"), rendered],
    },
    {
        row: "standard Service",
        asked: "`minio` for clients; the console has another Service, `minio-console`",
        arguments: ["clientService.type", "consoleService.type"],
        tests: [
            variants("Ingress, NetworkPolicy and Services are as asked for"),
            variants("a client reaches the cluster by a port of the node, and the servers see its address"),
            variants("do not see each other's objects, servers or budgets"),
        ],
    },
    {
        row: "Secret",
        asked: "`minio-secret` with `root-user` and `root-password`; the password is random",
        arguments: ["rootUser", "existingSecretName", "credentialsRevision"],
        tests: [
            component("keeps the password a secret, and reads it from the Secret only"),
            lifecycle("keeps the password out of the state's plain text"),
            variants("an existing Secret gives the credentials"),
            upgrade("changes its root password with all servers together"),
        ],
    },
    {
        row: "distributed arguments",
        asked: "every server's address in MinIO's notation, `http://minio-{0...3}.minio-headless.…/data`",
        arguments: ["namespace", "clusterDomain", "replicas", "drivesPerServer"],
        tests: [
            component("starts the servers with MinIO's arguments, by namespace and domain"),
            component("gives each of several drives a claim template and a mount"),
        ],
    },
    {
        row: "servers",
        asked: "at least 4, an even number recommended; other numbers are refused, or warned of with what may fail",
        arguments: ["replicas", "drivesPerServer"],
        tests: [
            lifecycle("comes up, with four servers ready"),
            servers("has the expected sets, parity, quorums and capacity"),
            servers("can lose … servers for writes and … for reads, and no more"),
            ["unit/validation.test.ts", "warns of …"],
        ],
    },
    {
        row: "claims",
        asked: "`data-minio-N`, which outlive pods and StatefulSet and are found again; they grow in place",
        arguments: [
            "storageSize",
            "storageClassName",
            "volumeAttributesClassName",
            "persistentVolumeClaimAnnotations",
            "drivesPerServer",
            "driveSubPath",
        ],
        tests: [
            variants("a pod that is made anew finds its claim again"),
            variants("several drives lie on claims of their own, and all are used"),
            lifecycle("leaves the claims and nothing else when it is destroyed"),
            lifecycle("finds its data again when it is created anew"),
            upgrade("grows its drives in place"),
            [
                "e2e/preflight.test.ts",
                "is a VolumeAttributesClass; one that is there comes into the claims, as annotations do, and nothing restarts",
            ],
            ["e2e/migration.test.ts", "are taken over with all of it, in one gap"],
        ],
    },
    {
        row: "claim retention",
        asked: "`Retain` or `Delete`, when the StatefulSet is deleted and when it is scaled",
        arguments: [
            "persistentVolumeClaimRetentionPolicy.whenDeleted",
            "persistentVolumeClaimRetentionPolicy.whenScaled",
        ],
        tests: [variants("claims are kept or deleted as asked for, when a StatefulSet is scaled or deleted")],
    },
    {
        row: "pod management",
        asked: "`OrderedReady` or `Parallel`; an ordered start would never end with a readiness probe that waits for all drives",
        arguments: ["podManagementPolicy", "readiness"],
        tests: [
            variants("OrderedReady starts the servers one after another"),
            variants("all start, in a namespace that enforces restricted pods"),
            [
                "unit/probes.test.ts",
                "ask after the start whether objects can be read, where that does not count servers that wait for an update",
            ],
        ],
    },
    {
        row: "update strategy",
        asked: "`RollingUpdate`, the highest ordinal first, or `OnDelete`",
        arguments: ["updateStrategy", "rollout.mode", "rollout.timeoutSeconds"],
        tests: [
            upgrade("shows in the preview what an update will restart"),
            upgrade("gives up on a version that cannot start, names the server and why, and leaves the others alone"),
            variants("OnDelete updates only the server whose pod is deleted"),
            ["e2e/changedByHand.test.ts", "goes over to OnDelete, and restarts nothing"],
            component("leaves the partition to Kubernetes in its own pace"),
            ["unit/rolloutPlan.test.ts", "comes to its end without breaking a rule, whatever happens"],
        ],
    },
    {
        row: "partition canary",
        asked: "only servers from the partition on are updated; it is lowered step by step to 0",
        arguments: ["partition"],
        tests: [
            upgrade("updates the servers that the partition allows, without a failed request"),
            upgrade("updates all servers when the partition is lowered, without a failed request"),
            upgrade("goes back from a staged update when the partition is raised, without a failed request"),
            change("refuses a partition that leaves fewer new servers than the boot quorum, with the way out"),
        ],
    },
    {
        row: "scaling",
        asked: "MinIO forbids another number of servers in a pool, so it is refused; a cluster grows by pools, and a decommissioned pool may leave",
        arguments: ["expansionPools", "rebalance"],
        tests: [
            upgrade("grows by a pool"),
            upgrade(
                "has MinIO begin a rebalance by an up, and says how far it is until it has ended, whether or not any object moves",
            ),
            component("makes a StatefulSet and a budget for each pool, whose servers know all pools"),
            upgrade("refuses to drop a pool whose objects MinIO has not moved away, and says what to do"),
            upgrade("has MinIO move its objects by an up, and keeps it until all are moved"),
            upgrade("lets it leave once it is decommissioned"),
            lifecycle("refuses … in the preview, as it would end the servers"),
        ],
    },
    {
        row: "resources",
        asked: "requests and limits of each server",
        arguments: ["resources"],
        tests: [rendered],
    },
    {
        row: "disruption budget",
        asked: "`minio-pdb`; how many servers must stay follows from the quorum",
        arguments: ["disruptionBudget.enabled", "disruptionBudget.minAvailable", "disruptionBudget.maxUnavailable"],
        tests: [
            component("protects the write quorum with a budget, and makes none that could only block"),
            lifecycle("has a budget that lets one server go, and no second"),
            variants("the budget lets one server be evicted, and refuses the one that would lose the write quorum"),
        ],
    },
    {
        row: "lifecycle hook",
        asked: "servers drain before they end, and at a moment without requests: `mc admin service stop` would stop every server of the cluster",
        arguments: [],
        tests: [
            component("drains before a server ends, and keeps its network until after"),
            upgrade("updates all servers when the partition is lowered, without a failed request"),
        ],
    },
    {
        row: "snapshot",
        asked: "all drives at one point in time",
        arguments: [
            "snapshots",
            "snapshots.take",
            "snapshots.keep",
            "snapshots.maxAgeHours",
            "snapshots.groupClassName",
            "snapshots.consistency",
            "snapshots.freezeTimeoutSeconds",
        ],
        tests: [
            snapshots("are taken under load without a failed request"),
            groups("are taken of all pools at one instant, under load and without a failed request"),
            groups("have, without a freeze, what was acknowledged before"),
            snapshots("leave the cluster thawed within the bound when the program is killed in the freeze"),
            snapshots("are deleted when their name is removed"),
            snapshots("come and go by the schedule of the guide, which restores the newest one and reads it"),
        ],
    },
    {
        row: "restore",
        asked: "new claims from snapshots, restore into existing claims, a disaster-recovery plan, external backup",
        arguments: ["restoreFrom", "restoreFrom.confirm"],
        tests: [
            snapshots("restore into a new cluster what was acknowledged before, and nothing that cannot be read"),
            snapshots("replace the data of a cluster only when that is confirmed in words, and keep the volumes"),
            groups("restore into another namespace what was acknowledged before, and nothing that cannot be read"),
            groups("go back in place in spite of a program that is killed midway, and of lost StatefulSets"),
            snapshots("survive the loss of their namespace"),
            snapshots("are not needed for a lost drive"),
            snapshots("have a guide of which every block was run"),
        ],
    },
    {
        row: "monitoring",
        asked: "alerts and a dashboard for availability, volumes, spread, updates, latency, drives, healing and access",
        arguments: ["monitoring", "monitoring.rules", "monitoring.dashboard"],
        tests: [
            ["unit/monitoring.test.ts", "has what the requirements ask to be watched"],
            monitored("makes a token, ServiceMonitors, rules and a dashboard"),
            monitored("has every series that the rules and the dashboard use"),
        ],
    },
    {
        row: "ServiceMonitor",
        asked: "port `api`, `/minio/v2/metrics/cluster` every 30 s: once for all servers, with a token",
        arguments: ["monitoring", "monitoring.serviceMonitor", "monitoring.interval", "monitoring.labels"],
        tests: [
            monitored("selects one Service by each ServiceMonitor"),
            monitored("gives metrics for the token, and none without"),
            ["unit/monitoring.test.ts", "scrape what tells of all servers once, at the address of the client Service"],
        ],
    },
    {
        row: "image",
        asked: "the official one is gone from its registries; the default is its maintained successor, pinned; any other may be set",
        arguments: ["image", "imagePullSecrets", "imagePullPolicy"],
        tests: [
            rendered,
            component("pulls the image of every container with the given secrets"),
            component("pulls the image when it is told to, and else leaves that to Kubernetes"),
            upgrade("updates the servers that the partition allows, without a failed request"),
        ],
    },
];

const accessArgs = "MinioAccessArgs";

/** All arguments: `MinioClusterArgs` first, then the interfaces in it. */
export function argumentInterfaces(): Documented[] {
    return interfacesOf("components/spec/args.ts").filter(({ name }) => name !== accessArgs);
}

/** The arguments of a MinioAccess; the interfaces in them are those of a MinioCluster. */
export function accessInterfaces(): Documented[] {
    return interfacesOf("components/spec/args.ts").filter(({ name }) => name === accessArgs);
}

/** The choices among the arguments' types, each with its values as fields. */
export function choices(): Documented[] {
    const file = "components/spec/args.ts";
    return parse(file)
        .statements.filter(ts.isVariableStatement)
        .map((statement) => {
            const [{ name, initializer }] = statement.declarationList.declarations;
            if (
                !initializer ||
                !ts.isAsExpression(initializer) ||
                !ts.isObjectLiteralExpression(initializer.expression)
            ) {
                throw new Error(`${file}: ${name.getText()} is no choice: give it values in { … } as const`);
            }
            const values = initializer.expression.properties.map((property) => ({
                name: property.name?.getText() ?? "",
                type: "",
                optional: false,
                meaning: paragraphs(property).join(" "),
            }));
            return { name: name.getText(), meaning: paragraphs(statement).join("\n\n"), fields: values };
        });
}

/** A component: what it makes, and its outputs. */
export function componentClass(file = "components/minioCluster.ts"): Documented {
    const found = parse(file).statements.find(ts.isClassDeclaration);
    if (!found) {
        throw new Error(`${file} declares no class`);
    }
    const isOutput = (member: ts.ClassElement): member is ts.PropertyDeclaration =>
        ts.isPropertyDeclaration(member) &&
        (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PublicKeyword);
    return documented(found, found.members.filter(isOutput));
}

/** The argument at a path such as `rollout.mode`. */
export function argumentAt(path: string, interfaces: Documented[] = argumentInterfaces()): Field | undefined {
    let within: Documented | undefined = interfaces[0];
    let field: Field | undefined;
    for (const name of path.split(".")) {
        field = within?.fields.find((one) => one.name === name);
        within = interfaces.find((one) => field?.type.includes(`[${one.name}]`));
    }
    return field;
}

/** docs/reference.md as it should be. */
export function reference(): string {
    const interfaces = argumentInterfaces();
    const { meaning, fields } = componentClass();
    const access = accessClass();
    const sections = [
        "<!-- Made by `npx tsx docs/generate.ts` from the doc comments in components/. Do not edit. -->",
        "# Reference",
        "## Requirements",
        "What a StatefulSet of MinIO servers must offer, and how this component offers it. Names are those of a component " +
            "called `minio`. All tests run with `make test-long`, and most of them with `make test`. Those under `unit/` and `docs/` " +
            "also run with `npm run test:unit`. In a title, `…` replaces what differs from case to case.",
        requirementsTable(interfaces),
        "## `new MinioCluster(name, args?, opts?)`",
        meaning,
        "A value may be an Output of another resource, except where the type says *plain*. Most plain arguments decide which " +
            "resources there are. Types such as `core/v1` are those of Kubernetes. A choice such as `Readiness` is an enum in " +
            "languages that have enums: `Readiness.Server` in TypeScript, `Readiness.SERVER` in Python. TypeScript and YAML " +
            'also take its text, `"Server"`.',
        ...interfaces.flatMap(argumentSection),
        ...choices().flatMap((one) => [
            `### ${one.name}`,
            one.meaning,
            table(
                ["value", "meaning"],
                one.fields.map(({ name, meaning }) => [`\`${name}\``, meaning]),
            ),
        ]),
        "## Outputs",
        fieldTable("output", fields),
        ...interfacesOf("components/minio/topology.ts")
            .filter(({ name }) => name.endsWith("Topology"))
            .flatMap((one) => [`### ${one.name}`, one.meaning, fieldTable("field", one.fields)]),
        "## `new MinioAccess(name, args, opts?)`",
        access.meaning,
        ...accessInterfaces().flatMap(argumentSection),
        "### Outputs of a MinioAccess",
        fieldTable("output", access.fields),
    ];
    return `${sections.map((section) => (section.startsWith("|") ? section : wrap(section))).join("\n\n")}\n`;
}

export function accessClass(): Documented {
    return componentClass("components/minioAccess.ts");
}

function argumentSection({ name, meaning, fields }: Documented): string[] {
    const rows = fields.map((field) => [
        `\`${field.name}\``,
        field.type,
        field.optional ? (field.default ?? "") : "**required**",
        field.meaning,
    ]);
    return [`### ${name}`, meaning, table(["argument", "type", "default", "meaning"], rows)];
}

function requirementsTable(interfaces: Documented[]): string {
    return table(
        ["asked for", "argument: its default", "proved by"],
        requirements.map(({ row, asked, arguments: paths, tests, notYet }) => {
            const settable = paths.map((path) => `\`${path}\`: ${argumentAt(path, interfaces)?.default ?? ""}`);
            const missing = notYet ? [`**not yet**: ${notYet}`] : [];
            return [
                `**${row}**: ${asked}`,
                [...settable, ...missing].join("<br>") || "(always so)",
                tests
                    .map(([file, title]) => `[${file.replace(".test.ts", "")}](../tests/${file}): ${title}`)
                    .join("<br>"),
            ];
        }),
    );
}

function fieldTable(what: string, fields: Field[]): string {
    const rows = fields.map(({ name, type, meaning }) => [`\`${name}\``, type.replace(", plain", ""), meaning]);
    return table([what, "type", "meaning"], rows);
}

function table(head: string[], rows: string[][]): string {
    const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
    return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

/** Breaks paragraphs into lines. */
function wrap(text: string): string {
    return text.replace(/(?=.{121})(.{1,120}) /g, "$1\n");
}

function parse(path: string): ts.SourceFile {
    return ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true);
}

function interfacesOf(path: string): Documented[] {
    return parse(path)
        .statements.filter(ts.isInterfaceDeclaration)
        .map((one) => documented(one, one.members.filter(ts.isPropertySignature)));
}

function documented(
    declaration: ts.InterfaceDeclaration | ts.ClassDeclaration,
    members: (ts.PropertySignature | ts.PropertyDeclaration)[],
): Documented {
    const source = declaration.getSourceFile();
    return {
        name: declaration.name?.text ?? "",
        meaning: paragraphs(declaration).join("\n\n"),
        fields: members.map((member) => ({
            name: member.name.getText(source),
            type: readableType(member.type, source),
            optional: member.questionToken !== undefined,
            ...withoutDefault(paragraphs(member).join(" ")),
        })),
    };
}

/** A doc comment as paragraphs, each on one line. */
function paragraphs(node: ts.Node): string[] {
    const comments = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc);
    const text = ts.getTextOfJSDocComment(comments.at(-1)?.comment) ?? "";
    return text.split(/\n\s*\n/).map((paragraph) => paragraph.replace(/\s+/g, " ").trim());
}

/** Takes the sentence `Default: ….` out of a doc comment. */
function withoutDefault(text: string): Pick<Field, "meaning" | "default"> {
    const [sentence, value] = /Default: (.+?)\.(?=\s|$)/.exec(text) ?? [];
    return sentence === undefined
        ? { meaning: text }
        : { meaning: text.replace(sentence, "").replace(/\s+/g, " ").trim(), default: value };
}

/** A type in the words of a person: `Input<Input<Toleration>[]>` is a list of Toleration. */
function readableType(type: ts.TypeNode | undefined, source: ts.SourceFile): string {
    if (!type) {
        return "";
    }
    if (ts.isArrayTypeNode(type)) {
        return listOf(type, source, ", plain");
    }
    if (!ts.isTypeReferenceNode(type)) {
        return `${type.getText(source)}, plain`;
    }
    const name = type.typeName.getText(source);
    const [inner, value] = type.typeArguments ?? [];
    if (name === "pulumi.Input" || name === "pulumi.Output") {
        return ts.isArrayTypeNode(inner) ? listOf(inner, source) : withoutPlain(readableType(inner, source));
    }
    if (name === "Record") {
        return `map of ${withoutPlain(readableType(value, source))}`;
    }
    const kubernetes = /^k8s\.types\.input\.(\w+)\.(\w+)\.(\w+)$/.exec(name);
    return kubernetes
        ? `${kubernetes[1]}/${kubernetes[2]} ${kubernetes[3]}`
        : `[${name}](#${name.toLowerCase()}), plain`;
}

function listOf({ elementType }: ts.ArrayTypeNode, source: ts.SourceFile, suffix = ""): string {
    return `list of ${withoutPlain(readableType(elementType, source))}${suffix}`;
}

function withoutPlain(type: string): string {
    return type.replace(", plain", "");
}

/** Drawings by their files in docs/topology/: what each shows, and its pools as servers × drives of each. */
const drawings: Record<string, { title: string; pools: [servers: number, drivesPerServer: number][] }> = {
    "4x1.svg": { title: "4 servers with a drive each", pools: [[4, 1]] },
    "8x1.svg": { title: "8 servers with a drive each", pools: [[8, 1]] },
    "16x1.svg": { title: "16 servers with a drive each", pools: [[16, 1]] },
    "4x4.svg": { title: "4 servers with four drives each", pools: [[4, 4]] },
    "16x4.svg": { title: "16 servers with four drives each", pools: [[16, 4]] },
    "pools.svg": {
        title: "4 servers, grown by a pool of 8",
        pools: [
            [4, 1],
            [8, 1],
        ],
    },
};

/** Every file of docs/topology/ as it should be. */
export function topologyDrawings(): Map<string, string> {
    return new Map(
        Object.entries(drawings).map(([name, { title, pools }]) => {
            const topology = topologyOf(
                pools.map(([servers, drivesPerServer]) => ({ servers, drivesPerServer, driveBytes: 1 })),
            );
            if (!topology) {
                throw new Error(`MinIO refuses the topology of docs/topology/${name}`);
            }
            return [join(__dirname, "topology", name), topologyDrawing(title, topology)];
        }),
    );
}

export const securityFile = join(__dirname, "security.md");

/** docs/security.md with the list of flaws as it should be. */
export function security(): string {
    const day = (release?: string) => release?.slice(0, 10);
    const affected = (range?: { since?: string; fixed?: string }) =>
        range
            ? [range.since && `since ${day(range.since)}`, range.fixed ? `fixed ${day(range.fixed)}` : "not fixed"]
            : [];
    const list = table(
        ["flaw", "who can do what", "MinIO", "Silo"],
        knownFlaws.map(({ id, source, effect, minio, silo }) => [
            `[${id}](${source})`,
            effect,
            ...[minio, silo].map((range) => affected(range).filter(Boolean).join(", ")),
        ]),
    );
    return readFileSync(securityFile, "utf8").replace(
        /(<!-- flaws -->\n).*?(\n<!-- end -->)/s,
        (_, start, end) => `${start}\n${list}\n${end}`,
    );
}

async function main(): Promise<void> {
    const pages = [
        [referenceFile, reference()],
        [securityFile, security()],
        [topologyPageFile, await topologyPage()],
        ...topologyDrawings(),
    ];
    for (const [file, content] of pages) {
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, content);
    }
}

if (require.main === module) {
    main().catch((error: Error) => {
        console.error(error.message);
        process.exitCode = 1;
    });
}
