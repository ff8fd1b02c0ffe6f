/**
 * How this program reaches the Kubernetes cluster of Pulumi's provider by itself, and how it knows that it is that one.
 */
import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { once, onceDone } from "../basics/once";
import type { Kubernetes } from "../kubernetes/client";
import { connect } from "../kubernetes/connect";
import { type ClusterTarget, describeTarget } from "../kubernetes/kubeconfig";
import { isKnown, whenKnown } from "../pulumi/outputs";
import type { Rollout } from "../spec/args";

/** An object that the provider has made, or makes in this run before anything is changed. */
export interface Witness {
    kind: string;
    apiVersion: string;
    name: string;
    namespace: pulumi.Input<string>;
    /** Its uid, by the provider. */
    uid: pulumi.Input<string>;
    /**
     * Whether this run only previews that it is made: its uid is then one that Kubernetes thought up for a dry run.
     * Asked once the uid is known. Default: it is there.
     */
    isPreviewed?: () => boolean;
}

export interface Connection {
    /**
     * To look only: nothing has proved yet that it is the provider's cluster.
     *
     * @returns undefined where the provider writes files, or where a preview does not know the cluster yet, as it is made by the same
     * program
     */
    look(): Promise<Kubernetes | undefined>;
    /**
     * To change something: by the uid of an object that the provider made, the cluster is the provider's.
     *
     * @returns undefined where the provider writes files: there is nothing to act on
     * @throws Error naming both clusters where it is another one
     * @throws NoConnectionError where no kubeconfig is given or found
     */
    act(): Promise<Kubernetes | undefined>;
    /**
     * For a preview: as `act`, but changes nothing, and what cannot be known yet is no error.
     *
     * @returns why it is not known whether it is the right cluster; undefined where it is
     * @throws Error naming both clusters where it is another one
     */
    unproved(): Promise<string | undefined>;
    /** Whether the provider writes files, and has no cluster. */
    writesFiles(): Promise<boolean>;
}

/** What the provider's own inputs say. */
interface ProviderInputs {
    kubeconfig?: string;
    context?: string;
    cluster?: string;
    renderYamlToDirectory?: string;
}

/**
 * The cluster of the Kubernetes provider that the component's objects are made by: the given or inherited one, else the
 * default one, which `kubernetes:kubeconfig`, `kubernetes:context` and `kubernetes:cluster` of the stack lead, else
 * `KUBECONFIG` and `~/.kube/config`. `rollout.kubeconfig` and `rollout.context` count before.
 *
 * @param component undefined: of the default provider
 * @param witness called when something is to be changed: by then it is registered. Without one, nothing is
 */
export function connectionOf(
    component: pulumi.Resource | undefined,
    rollout: Rollout | undefined,
    witness?: () => Witness,
): Connection {
    const provider = once(() => providerTarget(component));
    const target = once(() => ownTarget(rollout, provider));
    const writesFiles = async () => (await provider())?.writesFiles ?? false;
    const look = once(async () => {
        const known = (await writesFiles()) ? undefined : await target();
        try {
            return known && (await connect(known));
        } catch (error) {
            // What is given for this connection, and is wrong, is to be mended.
            throw rollout?.kubeconfig || rollout?.context ? error : new NoConnectionError(messageOf(error));
        }
    });
    const proved = onceDone(async () => {
        const kubernetes = await look();
        if (kubernetes === undefined || witness === undefined) {
            throw new Error("the provider's cluster is not known in this run");
        }
        await prove(kubernetes, witness(), await provider());
        return kubernetes;
    });
    const act = async () => ((await writesFiles()) ? undefined : proved());
    const unproved = async () => {
        try {
            await act();
            return undefined;
        } catch (error) {
            if (error instanceof OtherClusterError) {
                throw error;
            }
            return messageOf(error);
        }
    };
    return { look, act, unproved, writesFiles };
}

/** The connection leads to another cluster than the provider's. */
export class OtherClusterError extends Error {}

/** The provider may reach its cluster, and nothing leads there from this program. */
export class NoConnectionError extends Error {}

/** @returns undefined where it is not known yet */
async function ownTarget(
    { kubeconfig, context }: Rollout = {},
    provider: () => Promise<(ClusterTarget & { writesFiles: boolean }) | undefined>,
): Promise<ClusterTarget | undefined> {
    if (!(await isKnown(kubeconfig)) || !(await isKnown(context))) {
        return undefined;
    }
    const own = { kubeconfig: await whenKnown(kubeconfig), context: await whenKnown(context) };
    if (own.kubeconfig) {
        return { kubeconfig: own.kubeconfig, context: own.context ?? undefined, by: "rollout.kubeconfig" };
    }
    const its = await provider();
    return own.context ? its && { kubeconfig: its.kubeconfig, context: own.context, by: "rollout.context" } : its;
}

async function providerTarget(
    component: pulumi.Resource | undefined,
): Promise<(ClusterTarget & { writesFiles: boolean }) | undefined> {
    const given = component?.getProvider("kubernetes:core/v1:Service");
    if (given) {
        const inputs = pulumi.runtime
            .invokeOutput<{ state: ProviderInputs }>("pulumi:pulumi:getResource", { urn: given.urn })
            .apply(({ state }) => state);
        return (await isKnown(inputs)) ? ofInputs((await whenKnown(inputs)) ?? {}, "the given provider") : undefined;
    }
    const config = new pulumi.Config("kubernetes");
    const read = (key: keyof ProviderInputs) => whenKnown(config.getSecret(key));
    const inputs: ProviderInputs = {
        kubeconfig: await read("kubeconfig"),
        context: await read("context"),
        cluster: await read("cluster"),
        renderYamlToDirectory: await read("renderYamlToDirectory"),
    };
    const keys = (["kubeconfig", "context", "cluster"] as const).filter((key) => inputs[key]);
    const by = keys.map((key) => `kubernetes:${key}`).join(" and ");
    return ofInputs(inputs, by || (process.env.KUBECONFIG ? "KUBECONFIG" : "~/.kube/config"));
}

/** An empty text is none for the provider. */
function ofInputs({ kubeconfig, context, cluster, renderYamlToDirectory }: ProviderInputs, by: string) {
    return {
        kubeconfig: kubeconfig || undefined,
        context: context || undefined,
        cluster: cluster || undefined,
        by,
        writesFiles: Boolean(renderYamlToDirectory),
    };
}

async function prove(kubernetes: Kubernetes, witness: Witness, provider: ClusterTarget | undefined): Promise<void> {
    const { apiVersion, kind, name } = witness;
    const [namespace, uid] = await Promise.all([whenKnown(witness.namespace), whenKnown(witness.uid)]);
    if (uid === undefined) {
        throw new Error(
            `Pulumi's provider tells no uid of the ${kind} ${name}, so nothing proves which cluster it is in`,
        );
    }
    if (witness.isPreviewed?.()) {
        throw new Error(`the ${kind} ${name} is not made yet, so nothing proves which cluster it will be in`);
    }
    const seen = await kubernetes.read({ apiVersion, kind, metadata: { name, namespace } });
    if (seen?.metadata.uid === uid) {
        return;
    }
    const sees = seen ? `one with the uid ${seen.metadata.uid}` : "none";
    throw new OtherClusterError(
        `the component's own connection leads to another Kubernetes cluster than Pulumi's provider, and nothing was changed there. ` +
            `The provider made the ${kind} ${name} in the namespace ${namespace} with the uid ${uid}, in ` +
            `${provider ? await describeTarget(provider) : "a cluster that is not known here"}. The connection leads to ` +
            `${kubernetes.where}, and finds ${sees}. Leave rollout.kubeconfig and rollout.context out, so that it follows the ` +
            `provider, or set them to the provider's cluster; if somebody deleted the ${kind}, run pulumi up --refresh`,
    );
}
