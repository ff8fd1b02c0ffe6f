import type { Kubernetes } from "../components/kubernetes/client";
import { connect } from "../components/kubernetes/connect";
import type { StackCluster } from "../components/status/stackState";

/** The Kubernetes cluster of an option `--context`; without it, of the kubeconfig's current one. */
export function connected(context: string | undefined): Promise<Kubernetes> {
    return connect({ context, by: context === undefined ? "the kubeconfig" : "--context" });
}

/** The Kubernetes cluster of a stack's provider. */
export function connectedToStack(stack: string, { kubeconfig, context, cluster }: StackCluster): Promise<Kubernetes> {
    return connect({ kubeconfig, context, cluster, by: `the provider of the stack ${stack}` });
}
