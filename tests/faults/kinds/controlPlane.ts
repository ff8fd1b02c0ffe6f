import assert from "node:assert/strict";
import { holdService, releaseService } from "../../../devcluster/cluster/services";
import { ObstructedApi } from "../../support/obstructedApi";
import { kubectl } from "../../support/project";
import type { Fault } from "../fault";
import type { LoadedCluster } from "../loadedCluster";

const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

interface Outage {
    title: string;
    observed: string;
    /** What the `up` has said in the end. Default: anything. */
    says?: RegExp;
    begin(cluster: LoadedCluster): Promise<void>;
}

/** A part of the control plane is gone for a while, from the moment at which the first server restarts. */
const awayInUp = (service: string, seconds: number, { title, observed, says = /./, begin }: Outage): Fault => ({
    title,
    serversAway: 1,
    expected: "the rollout waits for it and goes on",
    async strike(cluster) {
        await begin(cluster);
        const up = cluster.startUp();
        await up.says(/lets minio-3 restart|restarts minio-3/);
        holdService(service);
        try {
            await pause(seconds);
        } finally {
            releaseService(service);
        }
        const { code, text } = await up.ended;
        assert.equal(code, 0, text);
        assert.match(text, says);
        return observed;
    },
});

export const apiServerKilled = awayInUp("kube-apiserver", 20, {
    title: "the API server is killed in the middle of an `up`, and away for 20 s",
    observed: "the same `up` says that it waits, goes on and ends well",
    says: /the Kubernetes API does not answer, trying again/,
    begin: (cluster) => cluster.configureRestart(),
});

export const etcdKilled = awayInUp("etcd", 30, {
    title: "etcd is killed in the middle of an upgrade, and away for 30 s",
    observed: "the same `up` goes on and ends well",
    begin: (cluster) => cluster.configureUpgrade(),
});

export const apiServerBusy: Fault = {
    title: "the API server answers every fifth request of an `up` with 429",
    serversAway: 1,
    expected: "the rollout tries again",
    async strike(cluster) {
        const { environment } = cluster.project;
        const own = environment.KUBECONFIG;
        const api = new ObstructedApi([], 5);
        environment.KUBECONFIG = await api.start();
        try {
            await cluster.configureRestart();
            await cluster.project.succeed("up", "--yes", "--skip-preview");
        } finally {
            environment.KUBECONFIG = own;
            await api.stop();
        }
        assert.ok(api.refused > 10, `${api.refused} requests were refused`);
        return `the same \`up\` ends well, after ${api.refused} such answers`;
    },
};

/**
 * With MINIO_DNS_CACHE_TTL=1s, a server forgets a name that it has not dialled for a second. Over a new connection a
 * read waits 5 s then (`globalDNSCache` in MinIO's `cmd/globals.go`), which is seen on busy processors.
 */
export const dnsDown: Fault = {
    title: "CoreDNS is down for 60 s",
    serversAway: 0,
    silent: true,
    async strike(cluster) {
        const scale = (replicas: number) =>
            kubectl("scale", "deployment", "coredns", "--namespace=kube-system", `--replicas=${replicas}`);
        await scale(0);
        try {
            await kubectl("wait", "--for=delete", "pod", "--namespace=kube-system", "--selector=k8s-app=kube-dns");
            await pause(15);
            await cluster.goesOn();
        } finally {
            await scale(1);
            await kubectl("rollout", "status", "deployment/coredns", "--namespace=kube-system", "--timeout=60s");
        }
        await cluster.untilReady();
        return "servers keep the addresses that they know";
    },
};
