/** The Services by which clients come to the old servers. Pure. */
import type { V1Service } from "@kubernetes/client-node";
import { apiPort, consolePort } from "../minio/ports";
import type { Found } from "./found";
import type { Observed } from "./observed";

/** A Service of the old cluster by which clients come. */
export interface Entrance {
    name: string;
    selector: Record<string, string>;
    /** Of each port: where it leads now, and where it is to lead. */
    ports: { was: number | string; becomes: number }[];
}

/**
 * The Services in front of the old servers, but for the headless ones. Those of the API and the console get the new
 * ports.
 */
export function entrancesOf({ services }: Observed, found: Found): Entrance[] {
    const { container } = found;
    const isConsole = (port: number | string, name = "") => {
        const named = container.ports?.find((one) => one.name === port || one.containerPort === port)?.name ?? name;
        return /console/.test(`${named} ${name}`);
    };
    const isEntrance = (one: V1Service) => one.spec?.clusterIP !== "None" && leadsTo(found, one);
    return services.filter(isEntrance).map(({ metadata, spec }) => ({
        name: metadata?.name ?? "",
        selector: spec?.selector ?? {},
        ports: (spec?.ports ?? []).map(({ targetPort, port, name }) => {
            const was = (targetPort as number | string | undefined) ?? port;
            return { was, becomes: isConsole(was, name) ? consolePort : apiPort };
        }),
    }));
}

/** Whether a Service selects the old servers. */
export function leadsTo({ statefulSets }: Found, { spec }: V1Service): boolean {
    const labels = statefulSets[0]?.spec?.template.metadata?.labels ?? {};
    const selector = Object.entries(spec?.selector ?? {});
    return selector.length > 0 && selector.every(([key, value]) => labels[key] === value);
}
