/** Where the cluster of a Pulumi stack is, by the stack's state. Pure. */
import { namesOf } from "../spec/names";

/** A part of what `pulumi stack export` prints. */
interface StackState {
    deployment?: { resources?: StackResource[] | null } | null;
}

interface StackResource {
    urn: string;
    type: string;
    id?: string;
    parent?: string;
    /** `URN::ID` of the provider. */
    provider?: string;
    /** Another resource has replaced it, and its end is still to come. */
    delete?: boolean;
    inputs?: Record<string, unknown>;
    outputs?: Record<string, unknown>;
}

export interface StackCluster {
    /** Of the component. */
    urn: string;
    name: string;
    namespace: string;
    /** Of its first StatefulSet; undefined where the state does not tell it. */
    uid?: string;
    /** What the provider of its objects was given. */
    kubeconfig?: string;
    context?: string;
    cluster?: string;
    /** One of these is a secret, and the state was exported without secrets. */
    isSealed: boolean;
}

const componentType = "minio-cluster:index:MinioCluster";

/** By this key and value, the engine marks a secret in its state (`sdk/go/common/resource/properties.go`). */
const signature = "4dabf18193072939515e22adb298388d";
const ofSecret = "1b47061264138c4ac30d75fd1eb44270";

/**
 * By the Service of the servers, which is made before everything else. Its id has the namespace, and is never a secret.
 *
 * @param name which MinioCluster is meant, where the stack has several
 * @throws Error that says that there is none, or which ones there are
 */
export function clusterInStack(stack: string, state: StackState, name: string | undefined): StackCluster {
    const resources = (state.deployment?.resources ?? []).filter((resource) => resource.delete !== true);
    const all = resources.filter(({ type }) => type === componentType);
    const names = all.map(({ urn }) => nameIn(urn));
    const [meant, other] = all.filter(({ urn }) => name === undefined || nameIn(urn) === name);
    if (meant === undefined) {
        const sought = name === undefined ? "no MinioCluster" : `no MinioCluster ${name}`;
        throw new Error(
            `the stack ${stack} has ${sought}${names.length > 0 ? `; it has ${names.join(", ")}` : ": run pulumi up first"}`,
        );
    }
    if (other !== undefined) {
        const choices = names.map((one) => `--name ${one}`).join(", or ");
        throw new Error(`the stack ${stack} has several MinioClusters, say which: ${choices}`);
    }
    const own = nameIn(meant.urn);
    const service = resources.find(
        ({ type, parent, id }) =>
            type === "kubernetes:core/v1:Service" &&
            parent === meant.urn &&
            id?.endsWith(`/${namesOf(own).headlessService}`),
    );
    const [namespace] = service?.id?.split("/") ?? [];
    if (namespace === undefined) {
        throw new Error(`the MinioCluster ${own} of the stack ${stack} has made nothing yet: run pulumi up first`);
    }
    const provider = resources.find(({ urn, id }) => `${urn}::${id}` === service?.provider)?.inputs ?? {};
    if (provider.renderYamlToDirectory) {
        throw new Error(`the stack ${stack} writes files, and has no Kubernetes cluster that could be looked at`);
    }
    const statefulSet = resources.find(
        ({ type, parent, id }) =>
            type === "kubernetes:apps/v1:StatefulSet" && parent === meant.urn && id === `${namespace}/${own}`,
    );
    const { uid } = (statefulSet?.outputs?.metadata ?? {}) as Record<string, unknown>;
    const { kubeconfig, context, cluster } = provider;
    return {
        urn: meant.urn,
        name: own,
        namespace,
        uid: textOf(uid),
        kubeconfig: textOf(kubeconfig),
        context: textOf(context),
        cluster: textOf(cluster),
        isSealed: [kubeconfig, context, cluster].some((value) => sealed(value) && textOf(value) === undefined),
    };
}

function nameIn(urn: string): string {
    return urn.split("::").at(-1) ?? "";
}

interface Sealed {
    /** JSON, where secrets were exported too. */
    plaintext?: string;
}

function sealed(value: unknown): Sealed | undefined {
    const isSecret =
        typeof value === "object" && value !== null && (value as Record<string, unknown>)[signature] === ofSecret;
    return isSecret ? (value as Sealed) : undefined;
}

/** Undefined for what is none, is empty, or is a secret that the state does not show. */
function textOf(value: unknown): string | undefined {
    const plaintext = sealed(value)?.plaintext;
    const text = plaintext === undefined ? value : JSON.parse(plaintext);
    return typeof text === "string" && text !== "" ? text : undefined;
}
