/** The Services by which clients come to the old servers. Pure. */
import type { V1Container, V1Service } from "@kubernetes/client-node";
import { apiPort, consolePort } from "../minio/ports";
import type { Found } from "./found";
import type { Observed } from "./observed";

/** A Service of the old cluster by which clients come. */
export interface Entrance {
    name: string;
    selector: Record<string, string>;
    /** Of each port: where it leads now, and where it is to lead. */
    ports: { was: number | string; becomes: number | string }[];
}

/**
 * The Services in front of the old servers, but for the headless ones. Those of the API and the console get the new
 * ports. Other ports, such as that of SFTP, stay as they are, and the notes name them.
 */
export function entrancesOf({ services }: Observed, found: Found, notes: string[]): Entrance[] {
    const isEntrance = (one: V1Service) => one.spec?.clusterIP !== "None" && leadsTo(found, one);
    return services.filter(isEntrance).map(({ metadata, spec }) => ({
        name: metadata?.name ?? "",
        selector: spec?.selector ?? {},
        ports: (spec?.ports ?? []).map(({ targetPort, port, name = "" }) => {
            const was = (targetPort as number | string | undefined) ?? port;
            const becomes = newPortOf(found, was, name);
            if (becomes === undefined) {
                notes.push(
                    `the port ${port} of the Service ${metadata?.name} stays as it is: it leads neither to the S3 API nor ` +
                        "to the console",
                );
            }
            return { was, becomes: becomes ?? was };
        }),
    }));
}

/** Undefined where it is neither the API's nor the console's. Numbers tell more than names, which are any text. */
function newPortOf({ container }: Found, target: number | string, service: string): number | undefined {
    const own = container.ports?.find((one) => one.name === target || one.containerPort === target);
    const number = own?.containerPort ?? target;
    if (number === listenedAt(container, "console-address", ["CONSOLE_ADDRESS", "CONSOLE_PORT_NUMBER"])) {
        return consolePort;
    }
    if (number === (listenedAt(container, "address", ["ADDRESS", "API_PORT_NUMBER"]) ?? apiPort)) {
        return apiPort;
    }
    const names = `${own?.name} ${target} ${service}`;
    if (/console/.test(names)) {
        return consolePort;
    }
    return /\b(api|s3|https?)\b|(^| )minio( |$)/.test(names) ? apiPort : undefined;
}

/** The port that an argument of the servers or a variable names. */
function listenedAt({ command = [], args = [], env = [] }: V1Container, flag: string, names: string[]) {
    const told = new RegExp(`--${flag}[= ]+["']?[^\\s"']*:(\\d+)`).exec([...command, ...args].join(" "))?.[1];
    const variable = env.find(({ name, value }) => value && names.some((one) => name === `MINIO_${one}`))?.value;
    const port = told ?? /\d+$/.exec(variable ?? "")?.[0];
    return port === undefined ? undefined : Number(port);
}

/** Whether a Service selects the old servers. */
export function leadsTo({ statefulSets }: Found, { spec }: V1Service): boolean {
    const labels = statefulSets[0]?.spec?.template.metadata?.labels ?? {};
    const selector = Object.entries(spec?.selector ?? {});
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}
