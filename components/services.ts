import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { MinioClusterSpec } from "./args";
import { apiPort, consolePort } from "./endpoints";
import type { Names } from "./names";

export interface Services {
    headless: k8s.core.v1.Service;
    client: k8s.core.v1.Service;
    console: k8s.core.v1.Service;
}

/** The Service by which the servers find each other, the one for S3 clients, and the one for the console. */
export function createServices(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    opts: pulumi.CustomResourceOptions,
): Services {
    const metadata = (name: string, annotations?: Record<string, string>) => ({
        name,
        namespace: spec.namespace,
        labels: names.labels,
        annotations,
    });
    const api = { name: "api", port: apiPort, targetPort: "api" };
    const console = { name: "console", port: consolePort, targetPort: "console" };
    return {
        headless: new k8s.core.v1.Service(
            names.headlessService,
            {
                // The servers' names must resolve before any of them is ready, so nothing is there to wait for.
                metadata: metadata(names.headlessService, { "pulumi.com/skipAwait": "true" }),
                spec: {
                    clusterIP: "None",
                    publishNotReadyAddresses: true,
                    selector: names.selector,
                    ports: [api],
                },
            },
            opts,
        ),
        client: new k8s.core.v1.Service(
            names.cluster,
            { metadata: metadata(names.cluster), spec: { type: "ClusterIP", selector: names.selector, ports: [api] } },
            opts,
        ),
        console: new k8s.core.v1.Service(
            names.consoleService,
            {
                metadata: metadata(names.consoleService),
                spec: { type: "ClusterIP", selector: names.selector, ports: [console] },
            },
            opts,
        ),
    };
}
