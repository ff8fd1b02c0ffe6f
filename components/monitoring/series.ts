import type { Cluster } from "../spec/cluster";
import { type Names, recordName } from "../spec/names";

/** MinIO's metrics endpoints, as the last part of their paths: `/minio/v2/metrics/<scrape>`. */
export type Scrape = "cluster" | "node" | "resource" | "bucket";

/** The label `job` of what a scrape yields, by which rules and dashboard tell the scrapes apart. */
export function jobOf(names: Names, scrape: Scrape): string {
    return `${names.cluster}-${scrape}`;
}

/** Label matchers (what stands between the braces in PromQL) that select the series of one cluster and no other. */
export interface Series {
    /** MinIO's, about the cluster as a whole and about every server; from one server at a time. */
    cluster: string;
    /** MinIO's, about the drives of each server; from each server. */
    node: string;
    /** MinIO's, about the block devices, memory, CPU and network of each server; from one server at a time. */
    resource: string;
    /** MinIO's, about each bucket; from one server at a time. */
    bucket: string;
    /** Those of kube-state-metrics about the StatefulSets. */
    statefulSets: string;
    /** Those of kube-state-metrics about the pods. */
    pods: string;
    /** Those of kube-state-metrics about the records of the sets of snapshots. */
    sets: string;
    /** Those of kubelet about the drives' claims. */
    claims: string;
}

/** The matchers of a cluster. They are made of DNS labels, in which nothing is special in a regular expression. */
export function seriesOf({ names, spec, pools }: Cluster): Series {
    const matchers = (...labels: string[]) => [`namespace="${spec.namespace}"`, ...labels].join(",");
    const scraped = (scrape: Scrape) => matchers(`job="${jobOf(names, scrape)}"`);
    const anyPool = pools.map(({ name }) => name).join("|");
    return {
        cluster: scraped("cluster"),
        node: scraped("node"),
        resource: scraped("resource"),
        bucket: scraped("bucket"),
        statefulSets: matchers(`statefulset=~"${anyPool}"`),
        pods: matchers(`pod=~"(${anyPool})-[0-9]+"`),
        sets: matchers(`configmap=~"${recordName(names.cluster, ".+")}"`),
        claims: matchers(`persistentvolumeclaim=~"data[0-9]*-(${anyPool})-[0-9]+"`),
    };
}
