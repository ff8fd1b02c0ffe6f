import assert from "node:assert/strict";
import * as http from "node:http";
import { carryOut } from "../../components/buckets/carryOut";
import { type Declared, difference } from "../../components/buckets/difference";
import { look } from "../../components/buckets/look";
import { Minio } from "../../components/buckets/minio";
import { nothingRecorded } from "../../components/buckets/record";
import type { PodRequest } from "../../components/kubernetes/client";
import { request } from "../../components/kubernetes/http";
import { signedBy } from "../../components/live/admin";
import { unsealed } from "../../components/live/sealed";
import { minioServers } from "../../devcluster/toolchain/versions";
import { MinioProcesses } from "../support/minioProcesses";

const document = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
        { Effect: "Allow", Action: "s3:ListBucket", Resource: "arn:aws:s3:::logs" },
        {
            Effect: "Deny",
            Action: ["s3:GetObject"],
            Resource: ["arn:aws:s3:::logs/secret/*"],
            // MinIO tells it as 10.1.2.3/32.
            Condition: { IpAddress: { "aws:SourceIp": "10.1.2.3" } },
        },
    ],
});

/**
 * Every call, by every server that the component is tested with. How they are reached in Kubernetes is another test's
 * matter.
 */
for (const version of minioServers) {
    describe(`MinIO ${version.release} is asked for buckets, policies and users`, () => {
        let servers: MinioProcesses;
        let minio: Minio;
        let recorded = nothingRecorded();
        const agent = new http.Agent({ keepAlive: true });
        const send = ({ method, path, headers, body }: PodRequest) =>
            request(new URL(`http://${servers.address(0)}${path}`), { method, headers, agent }, undefined, body);
        const secretKeys = { "app-1": "a".repeat(40), "app-2": "b".repeat(40), "viewer-1": "c".repeat(40) };
        const declared: Declared = {
            buckets: [
                {
                    name: "logs",
                    versioning: true,
                    quota: "1Gi",
                    lifecycle: [{ prefix: "a<&>", expirationDays: 3 }, { noncurrentExpirationDays: 7 }],
                    anonymousAccess: "Download",
                    tags: { team: "web", none: "" },
                },
                { name: "locked", objectLocking: true },
                { name: "public", anonymousAccess: "Public" },
                { name: "upload", anonymousAccess: "Upload" },
            ],
            policies: [{ name: "reader", document }],
            accesses: [
                { name: "app", bucket: "logs" },
                { name: "viewer", bucket: "logs", policies: ["reader", "readonly"] },
            ],
        };
        const bring = async (wanted: Declared) => {
            const found = difference(wanted, recorded, await look(minio, wanted, recorded, secretKeys), new Date());
            assert.deepEqual(found.refusals, []);
            const write = async (record: typeof recorded) => {
                recorded = structuredClone(record);
            };
            await carryOut(found, recorded, { minio, secretKeys, write, say: () => {} });
            return found.steps.length;
        };

        /** What MinIO has stored, in milliseconds; not positive where there is none. */
        const endOfKey = async (accessKey: string) => {
            const { rootUser: root, rootPassword: secretKey } = servers.rootCredentials;
            const path = "/minio/admin/v3/info-service-account";
            const signed = await signedBy(
                { method: "GET", path, query: { accessKey } },
                { accessKey: root, secretKey },
            );
            const { status, bytes } = await send(signed);
            assert.equal(status, 200);
            return Date.parse(JSON.parse(await unsealed(secretKey, bytes as Buffer)).expiration ?? "");
        };

        before(async () => {
            servers = await MinioProcesses.of([{ servers: 4, drivesPerServer: 1 }], version);
            await servers.startSettled();
            await servers.untilHealth(0, "cluster", 200);
            const { rootUser, rootPassword } = servers.rootCredentials;
            minio = new Minio({ send, close() {} }, { accessKey: rootUser, secretKey: rootPassword });
        });
        after(async () => {
            agent.destroy();
            await servers.remove();
        });

        it("and has what is declared, as it tells itself", async () => {
            assert.equal(await bring(declared), 19);
            assert.equal(await bring(declared), 0);
            assert.equal(await minio.objectLocking("locked"), true);
            assert.equal(await minio.hasObjects("logs"), false);
            assert.deepEqual(await minio.user("viewer"), { policies: ["reader", "readonly"], isEnabled: true });
        });

        it("and tells which keys are valid", async () => {
            const app = declared.accesses[0];
            const renewed = { ...app, revision: 2, overlapSeconds: 1000 };
            const asked = Date.now();
            await bring({ ...declared, accesses: [renewed, declared.accesses[1]] } as Declared);
            // MinIO itself ends it then: no time below a quarter of an hour is taken, so none is waited for here.
            const ends = await endOfKey("app-1");
            assert.ok(ends >= asked + 999_000 && ends <= Date.now() + 1_000_000, new Date(ends).toISOString());
            const { until } = recorded.accesses.app?.keys["app-1"] ?? {};
            assert.ok(Math.abs(Date.parse(until ?? "") - ends) < 1000, until);
            assert.ok(!((await endOfKey("app-2")) > 0), "the new key ends, too");
            assert.equal(await minio.keyOwner("app-1"), "app");
            const states = { "app-1": secretKeys["app-1"], "app-2": secretKeys["app-2"], "app-3": "d".repeat(40) };
            assert.deepEqual(
                await Promise.all(Object.entries(states).map(([key, secretKey]) => minio.keyState(key, secretKey))),
                ["valid", "valid", "absent"],
            );
            assert.equal(await minio.keyState("app-2", "wrong".repeat(8)), "other");
        });

        it("and leaves the key of another user as it is", async () => {
            const viewer = declared.accesses[1] as Declared["accesses"][number];
            await minio.makeUser("somebody");
            await minio.makeKey("somebody", "viewer-2", "e".repeat(40), false);
            assert.equal(await minio.keyOwner("viewer-2"), "somebody");
            assert.equal(await minio.keyOwner("viewer-1"), "viewer");
            assert.equal(await minio.keyOwner("viewer-3"), undefined);
            const wanted = { ...declared, accesses: [{ ...viewer, revision: 2 }] };
            const live = await look(minio, wanted, recorded, { ...secretKeys, "viewer-2": "f".repeat(40) });
            assert.match(difference(wanted, recorded, live, new Date()).refusals.join(), /belongs to 'somebody'/);
            await assert.rejects(minio.removeKey("viewer", "viewer-2"), /belongs to 'somebody'/);
            await assert.rejects(minio.endKey("viewer", "viewer-2", new Date().toISOString()), /belongs to 'somebody'/);
            assert.equal(await minio.keyState("viewer-2", "e".repeat(40)), "valid");
            await minio.setUserPolicies("somebody", ["reader"]);
            assert.deepEqual((await minio.policyHolders("reader")).sort(), ["somebody", "viewer"]);
            await minio.removeUser("somebody");
        });

        it("and has nothing left of what is not declared any more", async () => {
            assert.equal(await bring({ buckets: [{ name: "logs" }], policies: [], accesses: [] }), 12);
            const settings = ["versioning", "quota", "lifecycle", "anonymousAccess", "tags"] as const;
            assert.deepEqual(await Promise.all(settings.map((one) => minio.setting("logs", one))), [
                "",
                "",
                "",
                "",
                "",
            ]);
            await bring({ buckets: [], policies: [], accesses: [] });
            assert.deepEqual(await minio.buckets(), []);
            assert.equal(await minio.user("app"), undefined);
            assert.deepEqual(recorded, nothingRecorded());
        });
    });
}
