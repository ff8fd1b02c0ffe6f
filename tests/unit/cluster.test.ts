import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { after as valueAfter } from "../../components/pulumi/outputs";
import { clusterOf, plainCluster } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";

describe("a cluster", () => {
    const clusterBy = (args: KnownArgs) => clusterOf("minio", withDefaults(args));

    it("has pools with names, labels and topologies of their own, and no partition above their servers", () => {
        const { pools, topology } = clusterBy({ partition: 6, expansionPools: [{ replicas: 8 }] });
        assert.deepEqual(
            pools.map(({ index, name, selector, partition, replicas }) => [index, name, selector, partition, replicas]),
            [
                [0, "minio", { app: "minio", pool: "minio" }, 4, 4],
                [1, "minio-pool-1", { app: "minio", pool: "minio-pool-1" }, 6, 8],
            ],
        );
        assert.deepEqual(
            pools.map((pool) => pool.topology),
            topology.pools,
        );
    });

    it("is told by plain arguments as it is in the end, but for bytes", () => {
        const environment = { MINIO_STORAGE_CLASS_STANDARD: "EC:2", A: pulumi.output("b") };
        const given = { replicas: 6, expansionPools: [{ storageSize: pulumi.output("20Gi") }], partition: 1 };
        const storageSize = pulumi.output("1Ti");
        const plain = plainCluster("minio", { ...given, storageSize, environment } as typeof given);
        const whole = clusterBy({
            ...given,
            storageSize: "1Ti",
            expansionPools: [{ storageSize: "20Gi" }],
            environment: { MINIO_STORAGE_CLASS_STANDARD: "EC:2" },
        });
        const layout = ({ servers, drives, bootQuorum, pools }: typeof plain.topology) => [
            [servers, drives, bootQuorum],
            pools.map(({ parity, writeQuorum, serversThatMayFailForWrites }) => [
                parity,
                writeQuorum,
                serversThatMayFailForWrites,
            ]),
        ];
        assert.deepEqual(layout(plain.topology), layout(whole.topology));
        assert.deepEqual([plain.guided, plain.timeoutSeconds], [whole.guided, whole.timeoutSeconds]);
        assert.deepEqual(
            plain.pools.map(({ name, partition }) => [name, partition]),
            whole.pools.map(({ name, partition }) => [name, partition]),
        );
    });

    it("is not made of pools that MinIO refuses", () => {
        assert.throws(() => clusterBy({ replicas: 17 }), { message: /MinIO refuses the pools of 'minio'/ });
    });
});

describe("a value after a condition", () => {
    const promised = <T>(output: pulumi.Output<T>) => (output as unknown as { promise(): Promise<T> }).promise();

    it("is the same value, and fails where the condition does", async () => {
        assert.equal(await promised(valueAfter(Promise.resolve(1), pulumi.output("a"))), "a");
        await assert.rejects(promised(valueAfter(Promise.reject(new Error("no")), pulumi.output("a"))), {
            message: "no",
        });
    });

    it("comes no sooner than the condition", async () => {
        let met = (_: boolean) => {};
        const condition = new Promise<boolean>((resolve) => {
            met = resolve;
        });
        const value = promised(valueAfter(condition, pulumi.output("a")));
        const soon = new Promise((resolve) => setTimeout(resolve, 20));
        assert.equal(await Promise.race([value, soon]), undefined);
        met(true);
        assert.equal(await value, "a");
    });
});
