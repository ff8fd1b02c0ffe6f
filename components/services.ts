import type * as k8s from "@pulumi/kubernetes";
import { Service } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { ServiceArgs } from "./args";
import type { MinioClusterSpec } from "./defaults";
import { apiPort, consolePort } from "./endpoints";
import { labelsOf, type Names } from "./names";

/** Label of a Service that tells which of them it is, for a ServiceMonitor to select: all have the same other labels. */
export const serviceLabel = "minio-cluster/service";

export interface Services {
    headless: Service;
    client: Service;
    console: Service;
}

/** The Service by which the servers find each other, the one for S3 clients, and the one for the console. */
export function createServices(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
): Services {
    const service = (
        kind: "headless" | "client" | "console",
        name: string,
        specOf: (known: MinioClusterSpec) => k8s.types.input.core.v1.ServiceSpec,
        argsOf: (known: MinioClusterSpec) => pulumi.Unwrap<ServiceArgs> | undefined = () => undefined,
    ) =>
        new Service(
            name,
            {
                metadata: {
                    name,
                    namespace: spec.namespace,
                    labels: spec.apply((known) => ({ ...labelsOf(names, known), [serviceLabel]: kind })),
                    annotations: spec.apply((known) => annotationsOf(argsOf(known))),
                },
                spec: spec.apply(specOf),
            },
            opts,
        );
    const reachable = (args: pulumi.Unwrap<ServiceArgs> | undefined) => ({
        type: args?.type ?? "ClusterIP",
        loadBalancerSourceRanges: args?.loadBalancerSourceRanges,
        selector: names.selector,
    });
    const api = { name: "api", port: apiPort, targetPort: "api" };
    const console = { name: "console", port: consolePort, targetPort: "console" };
    return {
        headless: service("headless", names.headlessService, () => ({
            clusterIP: "None",
            publishNotReadyAddresses: true,
            selector: names.selector,
            ports: [api],
        })),
        client: service(
            "client",
            names.cluster,
            ({ clientService }) => ({ ...reachable(clientService), ports: [api] }),
            ({ clientService }) => clientService,
        ),
        console: service(
            "console",
            names.consoleService,
            ({ consoleService }) => ({
                ...reachable(consoleService),
                ports: [console],
            }),
            ({ consoleService }) => consoleService,
        ),
    };
}

/** The cluster waits for its servers itself, so of a Service only a load balancer's address is left to wait for. */
function annotationsOf(args: pulumi.Unwrap<ServiceArgs> | undefined): Record<string, string> {
    const noWait = args?.type === "LoadBalancer" ? undefined : { "pulumi.com/skipAwait": "true" };
    return { ...args?.annotations, ...noWait };
}
