/**
 * How the pods' scripts begin to ask a server. No proxy among the pod's variables gets the question, which may be signed: it is for
 * what lies outside of the cluster, such as webhooks.
 */
export const curl = "curl --noproxy '*' --insecure --silent";
