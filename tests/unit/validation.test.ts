import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import type { KnownArgs, MinioClusterSpec } from "../../components/defaults";
import { parseQuantity } from "../../components/quantity";
import { checkedSpec, InvalidArgumentsError } from "../../components/spec";
import { problemsOf } from "../../components/validation";

const fieldsOf = (args: KnownArgs, name = "minio") => problemsOf(name, args).map(({ field }) => field);

describe("validation", () => {
    it("accepts the defaults", () => assert.deepEqual(problemsOf("minio", {}), []));

    const refused: [string, KnownArgs][] = [
        ["replicas", { replicas: 17 }],
        ["replicas", { replicas: 1 }],
        ["replicas", { replicas: 4.5 }],
        ["replicas", { replicas: Number.NaN }],
        ["drivesPerServer", { drivesPerServer: 0 }],
        ["storageSize", { storageSize: "ten" }],
        ["storageSize", { storageSize: "1Mi" }],
        ["storageSize", { storageSize: "-10Gi" }],
        ["storageSize", { storageSize: "10 Gi" }],
        ["partition", { partition: -1 }],
        ["partition", { partition: 5 }],
        ["namespace", { namespace: "Not A Namespace" }],
        ["clusterDomain", { clusterDomain: "cluster..local" }],
        ["image", { image: "" }],
        ["rootUser", { rootUser: "me" }],
        [
            "persistentVolumeClaimRetentionPolicy.whenDeleted",
            { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Keep" } },
        ],
        ["resources.requests.cpu", { resources: { requests: { cpu: "lots" } } }],
    ];
    for (const [field, args] of refused) {
        it(`refuses ${JSON.stringify(args)}`, () => assert.deepEqual(fieldsOf(args), [field]));
    }

    it("refuses a name that cannot be a Service's or is too long for a StatefulSet", () => {
        assert.deepEqual(fieldsOf({}, "9minio"), ["name"]);
        assert.deepEqual(fieldsOf({}, "m".repeat(53)), ["name"]);
        assert.deepEqual(fieldsOf({}, "m".repeat(52)), []);
    });

    it("says everything at once, with the value, what is allowed and what to do", () => {
        const args = { replicas: 17, storageSize: "ten", partition: -1 };
        assert.throws(
            () => checkedSpec("minio", args),
            (error: unknown) => {
                assert.ok(error instanceof InvalidArgumentsError);
                assert.ok(pulumi.InputPropertiesError.isInstance(error));
                assert.match(error.message, /replicas: 17 is not allowed .* use 14, 15, 16, 18/);
                assert.match(
                    error.message,
                    /storageSize: 'ten' is not allowed: use a Kubernetes quantity, such as 10Gi/,
                );
                assert.match(error.message, /partition: -1 is not allowed: use an integer from 0/);
                return true;
            },
        );
    });

    it("checks Inputs when they become known", async () => {
        const spec = checkedSpec("minio", { storageSize: pulumi.output(Promise.resolve("20Gi")), replicas: 8 });
        const known = await new Promise<MinioClusterSpec>((resolve) => spec.apply((value) => resolve(value)));
        assert.equal(known.pools[0].storageSize, "20Gi");
    });

    it("neither crashes on hostile values nor lets them pass", () => {
        const hostile = fc.oneof(fc.anything(), fc.string(), fc.double(), fc.constantFrom(null, "", "0", {}, [], -0));
        fc.assert(
            fc.property(hostile, hostile, hostile, (replicas, storageSize, partition) => {
                const args = { replicas, storageSize, partition } as KnownArgs;
                const fields = problemsOf("minio", args).map(({ field }) => field);
                const sound = (value: unknown) => value === undefined || value === null || Number.isInteger(value);
                assert.ok(sound(replicas) || fields.includes("replicas"));
                assert.ok(sound(partition) || fields.includes("partition"));
                assert.ok(
                    storageSize === undefined ||
                        storageSize === null ||
                        typeof storageSize === "string" ||
                        fields.includes("storageSize"),
                );
            }),
            { numRuns: 2000 },
        );
    });
});

describe("quantity", () => {
    const values: [string, number | undefined][] = [
        ["10Gi", 10 * 2 ** 30],
        ["500m", 0.5],
        ["1e3", 1000],
        ["1.5G", 1.5e9],
        ["0", 0],
        ["ten", undefined],
        ["", undefined],
        ["10GB", undefined],
        ["1 Gi", undefined],
    ];
    for (const [text, value] of values) {
        it(`reads '${text}' as ${value}`, () => assert.equal(parseQuantity(text), value));
    }
});
