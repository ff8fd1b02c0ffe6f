import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import type { Shape } from "../../components/change/shape";
import type { Connection } from "../../components/live/connection";
import { clusterOf } from "../../components/spec/cluster";
import { withDefaults } from "../../components/spec/spec";
import { checkLeftClaims, type LeftClaims, leftClaims } from "../../components/update/leftClaims";

describe("claims of an earlier cluster of the name", () => {
    const shape: Shape = {
        namespace: "store",
        podManagementPolicy: "Parallel",
        replicas: 4,
        drivesPerServer: 1,
        storageSize: "10Gi",
    };
    const claim = (name: string, storage = "10Gi", storageClassName = "fast", others = {}): any => ({
        metadata: { name, ...others },
        spec: { resources: { requests: { storage } }, storageClassName },
    });
    const of = (servers: number, ...rest: string[]) =>
        Array.from({ length: servers }, (_, ordinal) => claim(`data-minio-${ordinal}`, ...rest));
    const told = (claims: any[], changed: Partial<Shape> = {}): LeftClaims =>
        leftClaims("minio", { ...shape, ...changed }, claims);
    const none = { problems: [], notes: [] };

    it("are not spoken of where they fit, or are others'", () => {
        assert.deepEqual(told([]), none);
        assert.deepEqual(told(of(4)), none);
        assert.deepEqual(told(of(4, "5Gi")), none, "they grow");
        const others = ["data-minio-pool-1-7", "data-store-9", "data-minio-a", "scratch-minio-9"].map((name) =>
            claim(name),
        );
        assert.deepEqual(told([...of(4), ...others]), none);
        assert.deepEqual(
            told([...of(4), claim("data-minio-9", "1Gi", "fast", { deletionTimestamp: new Date() })]),
            none,
        );
    });

    it("refuse fewer servers and other drives, with both ways out", () => {
        const { problems } = told(of(8));
        assert.match(problems.join(), /do not fit 4 servers of a drive each: data-minio-4, .*data-minio-7\. /);
        assert.match(problems.join(), /set replicas to 8 and drivesPerServer to 1/);
        assert.match(problems.join(), /kubectl delete pvc --namespace=store data-minio-0 data-minio-1 .*data-minio-7$/);
        assert.match(
            told(of(4), { drivesPerServer: 2 }).problems.join(),
            /fit 4 servers of 2 drives each: data-minio-0/,
        );
        const two = [0, 1, 2, 3].flatMap((ordinal) => [0, 1].map((drive) => claim(`data${drive}-minio-${ordinal}`)));
        assert.match(told(two).problems.join(), /set replicas to 4 and drivesPerServer to 2/);
    });

    it("are named where some are missing, larger, or of another class", () => {
        assert.match(told(of(4), { replicas: 8 }).notes.join(), /4 of 8 are not: data-minio-0, .*fewer servers/);
        assert.match(told(of(4, "20Gi")).notes.join(), /larger than storageSize, 20Gi: data-minio-0/);
        assert.match(
            told(of(4), { storageClassName: "slow" }).notes.join(),
            /class fast, and storageClassName slow is not/,
        );
        assert.deepEqual(told(of(4), { storageClassName: "fast" }), none);
    });

    it("of which a set was restored to some keep servers from being made, but not a further pool of those that run", async () => {
        const annotations = { "minio-cluster/restored-from": "store/minio/monday" };
        const claims = [claim("data-minio-0", "10Gi", "fast", { annotations }), claim("data-minio-1")];
        const args = { namespace: "store", replicas: 2, expansionPools: [{ replicas: 2 }] };
        const cluster = clusterOf("minio", withDefaults(args));
        const check = (pool: string, statefulSet?: object) => {
            const kubernetes = {
                claims: async () => claims,
                statefulSet: async () => statefulSet,
                statefulSets: async () => [],
            };
            const connection = {
                writesFiles: async () => false,
                look: async () => kubernetes,
            } as unknown as Connection;
            return checkLeftClaims(connection, pool, { ...shape, replicas: 2 }, {} as pulumi.Resource, cluster);
        };
        await assert.rejects(
            check("minio"),
            /some drives \(data-minio-0\) were made from the set store\/minio\/monday/,
        );
        await check("minio-pool-1", { metadata: { name: "minio" } });
        const begun = { "minio-cluster/restoring": "store/minio/monday" };
        await assert.rejects(check("minio-pool-1", { metadata: { name: "minio", annotations: begun } }), /some drives/);
    });

    it("are not begun with where a pool is there that the program leaves out", async () => {
        const cluster = clusterOf("minio", withDefaults({ namespace: "store", replicas: 4 }));
        const check = (pool: string, ...names: string[]) => {
            const statefulSets = async () => names.map((name) => ({ metadata: { name } }));
            const connection = {
                writesFiles: async () => false,
                look: async () => ({ where: "https://here (context a)", claims: async () => [], statefulSets }),
            } as unknown as Connection;
            return checkLeftClaims(connection, pool, shape, {} as pulumi.Resource, cluster);
        };
        await assert.rejects(
            check("minio", "minio-pool-1"),
            /minio-pool-1 is there, .* Give the pool back.*\nThis was seen in https:\/\/here \(context a\)$/,
        );
        await check("minio", "minio", "other");
        await check("minio-pool-1", "minio-pool-1");
    });

    it("are not all named one by one where they are many", () => {
        assert.match(told(of(32)).problems.join(), /data-minio-11 and 20 more\. /);
    });
});
