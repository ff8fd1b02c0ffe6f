import assert from "node:assert/strict";
import { inSandbox, killNode, nodeNamed, reviveNode, volumeFolder } from "../../devcluster/cluster/faults";
import { kubectlJson } from "../e2e/project";
import { until } from "../e2e/until";
import type { Fault } from "./fault";
import { bucket, type LoadedCluster } from "./loadedCluster";

export const driveLost: Fault = {
    title: "a drive loses all of its data, and its server crashes",
    serversAway: 1,
    expected: "MinIO heals the drive by itself",
    async strike(cluster) {
        const objectsOn = async () =>
            Number(await cluster.inServer(2, `set -- /data/${bucket}/*/xl.meta; echo $#`).catch(() => "0"));
        const before = await objectsOn();
        assert.ok(before > 10, `${before} objects`);
        // The server writes meanwhile: once is not enough.
        await cluster.inServer(2, "for i in 1 2 3 4 5; do rm -rf /data/* /data/.minio.sys && break; done");
        await cluster.killServer(2);
        await cluster.goesOn();
        await cluster.untilReady();
        await until("the drive is healed", async () => (await objectsOn()) >= before, { seconds: 120 });
        return `the empty drive is formatted, and healed to all of its ${before} objects`;
    },
};

export const driveFull: Fault = {
    title: "a drive is full",
    serversAway: 1,
    service: { writes: false, reads: true },
    expected: "MinIO takes no write as long as a drive has no room for its share",
    async strike(cluster) {
        const text = await cluster.inServer(1, "cat /dev/zero > /data/.fill || true; df --output=pcent /data");
        assert.match(text, /100%/);
        try {
            await cluster.goesOn();
        } finally {
            await cluster.inServer(1, "rm -f /data/.fill");
        }
        return "writes are refused with `XMinioStorageFull`, and taken again when there is room";
    },
};

/** Two claims whose volumes were mixed up, as after a restore by hand: each server finds the drive of another. */
export const drivesSwapped: Fault = {
    title: "the drives of two servers are swapped",
    serversAway: 2,
    expected: "nothing is swapped silently",
    manualStep: "put the drives back in their places",
    async strike(cluster) {
        await swap(cluster);
        await until(
            "both servers run again",
            async () =>
                (
                    await Promise.all(
                        [2, 3].map((ordinal) =>
                            cluster.inServer(ordinal, "true").then(
                                () => true,
                                () => false,
                            ),
                        ),
                    )
                ).every(Boolean),
            { seconds: 90 },
        );
        await cluster.goesOn();
        await swap(cluster);
        return "MinIO uses neither of the two drives; back in their places, both are used again";
    },
};

/** Takes the power from two nodes, exchanges the drives of the servers 2 and 3, and gives it back. */
async function swap(cluster: LoadedCluster): Promise<void> {
    const servers = await Promise.all(
        [2, 3].map(async (ordinal) => {
            const pod = await cluster.pod(ordinal);
            const claim = await kubectlJson("get", "pvc", `data-minio-${ordinal}`, cluster.inNamespace);
            const node = nodeNamed(pod.spec.nodeName);
            return { node, folder: volumeFolder(node, pod.metadata.uid, claim.spec.volumeName) };
        }),
    );
    const [one, other] = servers.map(({ folder }) => folder);
    const nodes = (await cluster.pods()).map(({ spec }) => spec.nodeName);
    assert.equal(new Set(nodes).size, nodes.length, "two servers share a node");
    for (const { node } of servers) {
        killNode(node);
    }
    try {
        inSandbox(`
            mkdir "${one}/.swap" "${other}/.swap"
            for pair in "${one}:${other}" "${other}:${one}"; do
                for entry in $(ls -A "\${pair%%:*}" | grep -v '^.swap$'); do cp -a "\${pair%%:*}/$entry" "\${pair##*:}/.swap/"; done
            done
            for drive in "${one}" "${other}"; do
                for entry in $(ls -A "$drive" | grep -v '^.swap$'); do rm -rf "$drive/$entry"; done
                for entry in $(ls -A "$drive/.swap"); do mv "$drive/.swap/$entry" "$drive/"; done
                rmdir "$drive/.swap"
            done
            sync
        `);
    } finally {
        for (const { node } of servers) {
            reviveNode(node);
        }
    }
}
