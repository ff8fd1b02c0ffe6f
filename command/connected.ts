import type { Kubernetes } from "../components/kubernetes/client";
import { connect } from "../components/kubernetes/connect";

/** The Kubernetes cluster of an option `--context`; without it, of the kubeconfig's current one. */
export function connected(context: string | undefined): Promise<Kubernetes> {
    return connect({ context, by: context === undefined ? "the kubeconfig" : "--context" });
}
