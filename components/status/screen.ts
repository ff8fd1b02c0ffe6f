/** What a person reads, one fact a line. Pure. */
import { printable } from "../basics/printable";
import { size } from "../basics/quantity";
import { certificateDays } from "./certificate";
import type { Difference, Program } from "./differences";
import { type Finding, imagesOf, rolloutOf, type Verdict } from "./judge";
import type { Observed } from "./observed";
import { capacityOf, type Left, quorumsLeft, usedShare, zoneLosses } from "./quorumsLeft";

const labelWidth = 13;
const mostProperties = 4;

const headings: Record<Verdict, (findings: Finding[]) => string> = {
    right: () => "all is right",
    care: (findings) =>
        findings.some(({ severity }) => severity === "down")
            ? "REQUESTS FAIL OR WAIT, see below"
            : "something needs care, see below",
    unknown: () => "nothing wrong is seen, but not all could be read, see below",
};

export function screen(observed: Observed, findings: Finding[], verdict: Verdict): string {
    const { name, namespace, where } = observed;
    const lines = [
        `${name} in the namespace ${namespace}: ${headings[verdict](findings)}`,
        ...facts(observed).map(([label, fact]) => `${label.padEnd(labelWidth)}${fact}`),
        `${"Kubernetes".padEnd(labelWidth)}${where}`,
        ...findings.flatMap(({ severity, what, do: todo }) => [
            "",
            `${severity === "down" ? "DOWN" : "CARE"}  ${what}`,
            `      do: ${todo}`,
        ]),
        ...programLines(observed.program),
        ...(observed.unread.length > 0 ? [""] : []),
        ...observed.unread.map(({ what, why, right }) => {
            return `not read: ${what}: ${why}${right === undefined ? "" : `; it takes the right to ${right}`}`;
        }),
    ];
    return `${lines.map(printable).join("\n")}\n`;
}

type Fact = [label: string, fact: string];

function facts(observed: Observed): Fact[] {
    return [
        ...serverFacts(observed),
        ...requestFacts(observed),
        ...driveFacts(observed),
        ...quorumFacts(observed),
        ...zoneFacts(observed),
        ...roomFacts(observed),
        ...certificateFacts(observed),
        ...setFacts(observed),
        ["rollout", rolloutOf(observed) ?? stagedOf(observed) ?? "none under way"],
        ...decommissionFacts(observed),
        ...programFacts(observed),
    ];
}

function serverFacts({ servers, ...observed }: Observed): Fact[] {
    const ready = servers.filter(({ standing }) => standing === "ready");
    const others = servers.filter(({ standing }) => standing !== "ready");
    const away = others.map(({ name, standing }) => `${name} ${standing}`).join(", ");
    const again = servers
        .filter(({ restarts }) => restarts > 0)
        .map(({ name, restarts }) => `${name} ${restarts} times`);
    const images = [...imagesOf({ ...observed, servers })];
    return [
        ["servers", `${ready.length} of ${servers.length} ready${away && `: ${away}`}`],
        ...(again.length > 0 ? [["restarts", again.join(", ")] as Fact] : []),
        ...images.map(
            ([image, names]): Fact => ["version", images.length === 1 ? image : `${image} on ${names.join(", ")}`],
        ),
    ];
}

function requestFacts({ health, frozen }: Observed): Fact[] {
    const said = (is: boolean) => (is ? "yes" : "NO");
    const held = frozen && frozen.length > 0 ? `; held by ${frozen.join(", ")}` : "";
    return health === undefined
        ? []
        : [["requests", `reads ${said(health.reads)}, writes ${said(health.writes)}, by MinIO's own health${held}`]];
}

function driveFacts({ storage }: Observed): Fact[] {
    if (storage === undefined) {
        return [];
    }
    const online = storage.drives.filter(({ state }) => state === "ok").length;
    const healing = storage.drives.filter((drive) => drive.healing).length;
    return [["drives", `${online} of ${storage.drives.length} online, ${healing} healing`]];
}

function quorumFacts(observed: Observed): Fact[] {
    const left = quorumsLeft(observed);
    if (left === undefined) {
        return [];
    }
    const by = left.byDrives ? "" : ", by the servers that are ready";
    const told = ({ quorum, working, size, servers, drives }: Left) => {
        const still =
            drives < 0
                ? "LOST"
                : servers === 0
                  ? `no server may fail${drives > 0 ? `, and ${count(drives, "drive")}` : ""}`
                  : `any ${servers === 1 ? "server" : `${servers} servers`} may fail`;
        return `${quorum} of ${size} drives, ${working} work${by}: ${still}`;
    };
    return [
        ["write quorum", told(left.writes)],
        ["read quorum", told(left.reads)],
    ];
}

function zoneFacts(observed: Observed): Fact[] {
    return zoneLosses(observed).map(({ zone = "not known", servers, fails }): Fact => {
        const cost = fails === "" ? "may be lost" : `without it ${fails} fail`;
        return ["zone", `${zone}, ${count(servers, "server")}: ${cost}`];
    });
}

function roomFacts(observed: Observed): Fact[] {
    const capacity = capacityOf(observed);
    return capacity === undefined
        ? []
        : [
              [
                  "room",
                  `${size(capacity.free)} free of ${size(capacity.usable)} for objects, ${Math.round(usedShare(capacity) * 100)} % used`,
              ],
          ];
}

function certificateFacts({ tls, certificate, at }: Observed): Fact[] {
    if (!tls) {
        return [["certificate", "none: the servers speak HTTP"]];
    }
    return certificate?.until === undefined
        ? []
        : [["certificate", `ends ${certificate.until}, in ${Math.floor(certificateDays(certificate.until, at))} days`]];
}

function setFacts({ sets, at }: Observed): Fact[] {
    if (sets === undefined) {
        return [];
    }
    const [last] = sets;
    return [["snapshots", last ? `last set ${last.set}, taken ${ageOf(last.takenAt, at)} ago` : "no set"]];
}

function stagedOf({ pools }: Observed): string | undefined {
    const staged = pools.filter(
        ({ wantedPartition, currentRevision, updateRevision }) =>
            wantedPartition > 0 && currentRevision !== updateRevision,
    );
    return staged.length === 0
        ? undefined
        : staged
              .map(
                  ({ name, wantedPartition }) =>
                      `staged: partition ${wantedPartition} of ${name} keeps the others back`,
              )
              .join(", ");
}

function decommissionFacts({ poolStatuses = [] }: Observed): Fact[] {
    return poolStatuses.flatMap(({ id, decommission }): Fact[] =>
        decommission === undefined
            ? []
            : [
                  [
                      "decommission",
                      `pool ${id} ${decommission.state}: ${decommission.objects} objects moved (${size(decommission.bytes)}), ` +
                          `${decommission.objectsFailed} failed`,
                  ],
              ],
    );
}

function programFacts({ program }: Observed): Fact[] {
    if (program === undefined) {
        return [];
    }
    const { stack, differences, why } = program;
    const said =
        differences === undefined
            ? "not looked at, see below"
            : differences.length > 0
              ? `${why === undefined ? "" : "at least "}${count(differences.length, "resource")} of the stack ${stack} ${differences.length === 1 ? "differs" : "differ"}, see below`
              : `as the cluster is, by a preview of the stack ${stack}`;
    return [["program", said]];
}

function programLines({ differences = [], said, why }: Program | undefined = { stack: "", said: [] }): string[] {
    const lines = [
        ...differences.map(differenceLine),
        ...(differences.length > 0 ? said.map((one) => `preview: ${one}`) : []),
        ...(why === undefined
            ? []
            : [
                  `not looked at: ${differences.length > 0 ? "other " : ""}differences between program and cluster: ${why}`,
              ]),
    ];
    return lines.length > 0 ? ["", ...lines] : [];
}

function differenceLine({ does, resource, properties }: Difference): string {
    const more = properties.length - mostProperties;
    const shown = properties.slice(0, mostProperties).join(", ") + (more > 0 ? ` and ${more} more` : "");
    return `differs: ${does} ${resource}${shown && `: ${shown}`}`;
}

function count(number: number, what: string): string {
    return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** Such as `5 hours`. */
export function ageOf(time: string, at: string): string {
    const minutes = Math.max(0, Math.floor((Date.parse(at) - Date.parse(time)) / 60_000));
    if (minutes < 120) {
        return count(minutes, "minute");
    }
    const hours = Math.floor(minutes / 60);
    return hours < 48 ? count(hours, "hour") : count(Math.floor(hours / 24), "day");
}
