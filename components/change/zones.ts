/** What a lost zone costs, by how the servers of a pool are spread. Pure. */
import type * as pulumi from "@pulumi/pulumi";
import type { PoolLayout } from "../minio/topology";
import { mostInAZone, zonesNeeded } from "../minio/zones";
import type { PodTemplate } from "../server/podTemplate";
import { zoneLabel } from "../spec/labels";

type Template = pulumi.Unwrap<PodTemplate>;
type Constraint = NonNullable<NonNullable<Template["spec"]>["topologySpreadConstraints"]>[number];

/** The line that a preview shows. It calls the loss harmless only where Kubernetes places the servers so. */
export function describeLostZone(
    template: PodTemplate,
    { servers, serversThatMayFailForWrites, serversThatMayFailForReads }: PoolLayout,
    selector: Record<string, string>,
): string {
    const { nodeSelector, topologySpreadConstraints = [] } = (template as Template).spec ?? {};
    const only = nodeSelector?.[zoneLabel];
    if (only !== undefined) {
        return `a lost zone ${only} stops writes and reads: nodeSelector puts all ${servers} servers there`;
    }
    const spreads = topologySpreadConstraints.filter((one) => one.topologyKey === zoneLabel && counts(one, selector));
    const spread = spreads.find(isFirm) ?? spreads[0];
    if (spread === undefined) {
        return `a lost zone may stop writes and reads: topologySpreadConstraints do not spread the ${servers} servers over zones`;
    }
    const { maxSkew, minDomains = 1 } = spread;
    const writes = zonesNeeded(servers, serversThatMayFailForWrites, maxSkew);
    const reads = zonesNeeded(servers, serversThatMayFailForReads, maxSkew);
    if (isFirm(spread) && writes !== undefined && writes <= minDomains) {
        const most = mostInAZone(servers, minDomains, maxSkew);
        return `a lost zone stops neither writes nor reads: at most ${most} of ${servers} servers are in one`;
    }
    const below = (zones?: number) => (zones === undefined ? "in any case" : `if there are fewer than ${zones} zones`);
    const uneven =
        "; with more, too, where the servers are not spread evenly, which whenUnsatisfiable: ScheduleAnyway allows";
    return (
        `a lost zone stops writes ${below(writes)}, and reads ${below(reads)}` +
        (isFirm(spread) || reads === undefined ? "" : uneven)
    );
}

/** Otherwise Kubernetes spreads the servers only as far as there is room. */
function isFirm({ whenUnsatisfiable }: Constraint): boolean {
    return whenUnsatisfiable === "DoNotSchedule";
}

/** Whether a constraint counts the servers of the pool, all of them together, and no other pods. */
function counts({ labelSelector, matchLabelKeys = [] }: Constraint, selector: Record<string, string>): boolean {
    const { matchLabels = {}, matchExpressions } = labelSelector ?? {};
    const names = Object.keys({ ...matchLabels, ...selector });
    return (
        !matchExpressions && matchLabelKeys.length === 0 && names.every((name) => matchLabels[name] === selector[name])
    );
}
