/** The floor of everything on Kubernetes: its provider, and one small object. */
import { ConfigMap } from "@pulumi/kubernetes/core/v1";

new ConfigMap("floor", { metadata: { namespace: "default" }, data: { key: "value" } });
