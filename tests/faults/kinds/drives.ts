import assert from "node:assert/strict";
import { inSandbox, killNode, nodeNamed, reviveNode, slowDrive } from "../../../devcluster/cluster/faults";
import { until } from "../../support/until";
import type { Fault } from "../fault";
import { bucket, type LoadedCluster } from "../loadedCluster";

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
        await cluster.signalServer(2);
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

export const driveSlow: Fault = {
    title: "a drive is slow: for a minute, its file system stands still for 0.8 s of each second",
    serversAway: 0,
    async strike(cluster) {
        const slow = slowDrive(await cluster.driveFolder(2), 60);
        try {
            await cluster.goesOn();
        } finally {
            await slow;
        }
        await cluster.untilReady();
        return "writes wait for it";
    },
};

export const driveReadOnly: Fault = {
    title: "the file system of a drive becomes read-only",
    serversAway: 1,
    expected: "MinIO goes on without the drive",
    async strike(cluster) {
        const folder = await cluster.driveFolder(1);
        inSandbox(`mount -o remount,ro "${folder}"`);
        try {
            await cluster.goesOn();
        } finally {
            inSandbox(`mount -o remount,rw "${folder}"`);
        }
        return "MinIO goes on with the other drives, and uses it again when it can be written";
    },
};

/** As storage that returns other bytes than were written, without an error. */
export const driveRots: Fault = {
    title: "a third of the objects on a drive are overwritten with other bytes (bit rot)",
    serversAway: 1,
    expected: "MinIO notices it by its checksums",
    async strike(cluster) {
        const rot = `
            count=0
            for file in "${await cluster.driveFolder(1)}"/${bucket}/*/xl.meta; do
                count=$((count + 1))
                [ $((count % 3)) = 0 ] || continue
                dd if=/dev/urandom of="$file" bs=512 count=1 seek=4 conv=notrunc 2> /dev/null
            done
            echo $((count / 3))`;
        const rotten = Number(inSandbox(rot));
        assert.ok(rotten > 5, `${rotten} objects`);
        await cluster.goesOn();
        return "every object reads back as it was written";
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
        [2, 3].map(async (ordinal) => ({
            node: nodeNamed((await cluster.pod(ordinal)).spec.nodeName),
            folder: await cluster.driveFolder(ordinal),
        })),
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
