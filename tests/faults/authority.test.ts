import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { Authority, certificateNames } from "../support/authority";
import { ConstantLoad, untilAcknowledged } from "../support/load";
import { execute, kubectl, kubectlJson, Project } from "../support/project";
import { makeBucket, s3Of, targetOf } from "../support/s3";
import { stepByStep } from "../support/stepByStep";
import { isMeant } from "./fault";
import { resources } from "./loadedCluster";

const title = "a cluster whose certificate authority is replaced";

/**
 * What docs/upgrades.md says of another certificate authority, step by step, on a cluster that is used all the time.
 */
(isMeant(title) ? describe : () => {})(title, () => {
    stepByStep();
    const project = new Project("authority");
    const inNamespace = `--namespace=${project.namespace}`;
    const [old, next] = ["old authority", "new authority"].map((name) => new Authority(name));
    const ofOld = old.sign(certificateNames("minio", project.namespace));
    const ofNext = next.sign(certificateNames("minio", project.namespace));
    const secret = "certificates";
    let load: ConstantLoad;

    const pods = async (): Promise<any[]> =>
        (await kubectlJson("get", "pods", inNamespace, "--selector=app=minio")).items;
    const restarted = async () => (await pods()).map(({ metadata }) => metadata.creationTimestamp);
    const tlsTarget = async () => {
        const target = await targetOf(project);
        const servername = `minio.${project.namespace}.svc.cluster.local`;
        const tls = { ca: old.certificate + next.certificate, servername };
        return { ...target, endpoint: target.endpoint.replace("http:", "https:"), tls };
    };

    /** Replaces the Secret's three files. */
    async function certify({ certificate, key }: { certificate: string; key: string }, authorities: string) {
        const data = { "tls.crt": certificate, "tls.key": key, "ca.crt": authorities };
        const file = JSON.stringify({
            apiVersion: "v1",
            kind: "Secret",
            metadata: { name: secret, namespace: project.namespace },
            stringData: data,
        });
        const { code, text } = await execute("bash", ["-c", 'kubectl apply --filename=- <<< "$1"', "certify", file]);
        assert.equal(code, 0, text);
    }

    async function restartAllWith(trustedAuthorities: unknown): Promise<void> {
        const before = await restarted();
        await project.configure({ trustedAuthorities });
        await project.succeed("up", "--yes", "--skip-preview");
        assert.ok(
            (await restarted()).every((time, server) => time !== before[server]),
            "a server was not restarted",
        );
    }

    before(async () => {
        await kubectl("create", "namespace", project.namespace);
        await certify(ofOld, old.certificate);
        await project.init({ createNamespace: false, tls: { secretName: secret }, resources });
        await project.succeed("up", "--yes", "--skip-preview");
        await makeBucket(await s3Of(project, await tlsTarget()), "load");
        load = new ConstantLoad(await tlsTarget(), "load", { timeoutMs: 150_000 });
        await untilAcknowledged(load, 20);
    });
    after(async () => {
        await load?.stop();
        old.remove();
        next.remove();
        await project.remove();
        await execute("kubectl", ["delete", "namespace", project.namespace, "--ignore-not-found", "--timeout=120s"]);
    });

    it("trusts both once it has restarted with the new one beside its own", async () => {
        await kubectl("create", "configmap", "next", inNamespace, `--from-literal=ca.crt=${next.certificate}`);
        await restartAllWith([{ configMapKeyRef: { name: "next", key: "ca.crt" } }]);
    });

    it("serves by the new certificate two minutes after it has been put there, without a restart", async () => {
        const before = await restarted();
        await certify(ofNext, next.certificate);
        await sleep(120_000);
        assert.deepEqual(await restarted(), before);
        const onlyNext = { ...(await tlsTarget()) };
        onlyNext.tls.ca = next.certificate;
        await makeBucket(await s3Of(project, onlyNext), "by-the-new-one");
        const onlyOld = { ...onlyNext, tls: { ...onlyNext.tls, ca: old.certificate } };
        await assert.rejects(makeBucket(await s3Of(project, onlyOld), "by-the-old-one"), /certificate|issuer/);
    });

    it("goes on without the old one once it has restarted again", async () => {
        await restartAllWith(undefined);
    });

    it("has failed no request, and lost no acknowledged write", async () => {
        await load.stop();
        assert.deepEqual(
            load.outcomes.map(({ error }) => error).filter((error) => error),
            [],
        );
        assert.deepEqual(await load.lost(), []);
    });
});
