/**
 * A cluster keeps its name. Those of its objects derive from it, and those of its drives' claims: with an alias, Pulumi
 * would replace all objects by new ones, and the servers would start with empty drives.
 */
import type * as pulumi from "@pulumi/pulumi";
import { hasEngine } from "../pulumi/engine";
import { resourceHook } from "../pulumi/hooked";
import { after, whenKnown } from "../pulumi/outputs";
import type { DeclaredCluster } from "../spec/cluster";
import { type Names, namesOf } from "../spec/names";

/**
 * Options of the headless Service, which every cluster has. As its name is ignored, an alias does not replace it, but
 * changes it in its labels; so there is a hook, which hears of its former name. Another one hears of its addresses.
 *
 * @param making called before it is made, with which a cluster begins
 */
export function refusesRenaming(names: Names, making: () => void): pulumi.CustomResourceOptions {
    const ignoreChanges = ["metadata.name"];
    if (!hasEngine()) {
        return { ignoreChanges }; // A unit test with mocks, which know no hooks.
    }
    const hook: pulumi.ResourceHookFunction = ({ id }) => {
        const problem = renamingProblem(id, names);
        if (problem) {
            throw new Error(problem);
        }
    };
    const addresses: pulumi.ResourceHookFunction = async ({ oldOutputs, oldInputs, newInputs }) => {
        const [now, before, after] = await Promise.all(
            [oldOutputs, oldInputs, newInputs].map((one) => whenKnown(one?.spec)),
        );
        const problem = after && addressesProblem(now, before, after);
        if (problem) {
            throw new Error(problem);
        }
    };
    const beforeUpdate = [
        resourceHook(`${names.headlessService}-name`, hook, { onDryRun: true }),
        resourceHook(`${names.headlessService}-addresses`, addresses, { onDryRun: true }),
    ];
    const beforeCreate = [resourceHook(`${names.headlessService}-first`, making, { onDryRun: true })];
    return { ignoreChanges, hooks: { beforeCreate, beforeUpdate } };
}

/** @param id of the headless Service, by the provider: its namespace and name */
export function renamingProblem(id: string, { cluster, headlessService }: Names): string | undefined {
    const former = id.slice(id.lastIndexOf("/") + 1);
    const suffix = namesOf("").headlessService;
    if (former === headlessService || !former.endsWith(suffix)) {
        return undefined;
    }
    const name = former.slice(0, -suffix.length);
    return (
        `the cluster '${name}' cannot become '${cluster}': the names of its drives' claims derive from the component's name, so ` +
        `its servers would begin with empty drives. Keep the name '${name}'; or leave '${name}' as it is, make '${cluster}' ` +
        "beside it without the alias, and move the data with restoreFrom or mc mirror"
    );
}

/** What counts here of a Service's `spec`. */
interface Addresses {
    ipFamilies?: string[];
}

/**
 * Another first kind of addresses. Kubernetes changes it of the headless Service, and refuses it of those that have an
 * address (`validateUpgradeDowngradeIPFamilies` in `pkg/apis/core/validation/validation.go`): half would be done.
 *
 * @param now as Kubernetes has it; `before` and `after` as programs gave it
 */
export function addressesProblem(
    now: Addresses | undefined,
    before: Addresses | undefined,
    after: Addresses,
): string | undefined {
    const [has] = now?.ipFamilies ?? [];
    const [given, wanted] = [before?.ipFamilies?.[0], after.ipFamilies?.[0]];
    if (has === undefined || wanted === has || (wanted === undefined && given === undefined)) {
        return undefined;
    }
    const what = wanted ? `'${wanted}' is not allowed as the first one` : "to leave it out is not allowed";
    return (
        `ipFamilies: ${what}: the Services have ${has} first, and Kubernetes changes that of none that has an address: begin with ` +
        `${has}; or make another cluster beside it, and move the data with restoreFrom or mc mirror`
    );
}

/**
 * The same cluster, for all other objects. Where there is an alias, it is known only when the headless Service was not
 * refused, for an update that is refused in the middle would leave some objects of each name.
 */
export function unlessRenamed(
    cluster: DeclaredCluster,
    component: pulumi.Resource,
    headless: pulumi.Resource,
): DeclaredCluster {
    return mayBeRenamed(component) ? { ...cluster, resolved: after(headless.urn, cluster.resolved) } : cluster;
}

/** What every resource has, and its type does not tell. */
interface Inner {
    __aliases?: unknown[];
    __parentResource?: Inner;
}

/** Whether the component has an alias, or one that it is in: those count for their children, too. */
function mayBeRenamed(component: pulumi.Resource): boolean {
    for (let one: Inner | undefined = component as unknown as Inner; one; one = one.__parentResource) {
        if (one.__aliases && one.__aliases.length > 0) {
            return true;
        }
    }
    return false;
}
