import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { type KnownArgs, withDefaults } from "../../components/defaults";
import { namesOf } from "../../components/names";
import { probes } from "../../components/probes";

const probesOf = (args: KnownArgs): any => probes(namesOf("minio"), withDefaults(args));

describe("the probes", () => {
    it("ask after the start whether objects can be read, where that does not count servers that wait for an update", () => {
        const pathOf = (args: KnownArgs) => probesOf(args).readinessProbe.httpGet.path;
        for (const replicas of [2, 4, 6, 8]) {
            assert.equal(pathOf({ replicas }), "/minio/health/cluster/read", `${replicas} servers`);
        }
        for (const replicas of [3, 5, 7, 9, 12, 16]) {
            assert.equal(pathOf({ replicas }), "/minio/health/ready", `${replicas} servers`);
        }
        assert.equal(pathOf({ expansionPools: [{}] }), "/minio/health/ready", "two pools");
    });

    it("wait longer for an answer than MinIO waits for a peer that is silent, or one silent peer makes all unready", () => {
        assert.ok(probesOf({}).readinessProbe.timeoutSeconds > 10);
    });

    it("ask only the process with readiness Server", () => {
        const { startupProbe, readinessProbe } = probesOf({ podManagementPolicy: "OrderedReady" });
        assert.equal(startupProbe.httpGet.path, "/minio/health/live");
        assert.equal(readinessProbe.httpGet.path, "/minio/health/ready");
    });

    it("speak TLS with a server that does", () => {
        const { startupProbe, readinessProbe, livenessProbe } = probesOf({ tls: { secretName: "certs" } });
        assert.equal(readinessProbe.httpGet.scheme, "HTTPS");
        assert.equal(livenessProbe.httpGet.scheme, "HTTPS");
        assert.match(startupProbe.exec.command[2], /https:\/\/127\.0\.0\.1:9000/);
    });

    it("are a script that a shell understands", () => {
        const { status, stderr } = spawnSync("sh", ["-n", "-c", probesOf({}).startupProbe.exec.command[2]]);
        assert.equal(status, 0, stderr.toString());
    });
});
