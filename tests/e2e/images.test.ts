import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeNamed } from "../../devcluster/cluster/faults";
import { importImage } from "../../devcluster/cluster/node";
import { minioImage } from "../../devcluster/toolchain/components";
import { type ImageSpec, writeImage } from "../../devcluster/toolchain/image";
import { coreDnsImage, newMinio } from "../../devcluster/toolchain/versions";
import { itInLongForm } from "../support/longForm";
import { kubectl, kubectlJson, Project } from "../support/project";
import { stepByStep } from "../support/stepByStep";

/** One cluster, whose image is changed from one that cannot work to one that does. */
describe("an image", () => {
    stepByStep();
    const project = new Project("e2e-images");
    const inNamespace = `--namespace=${project.namespace}`;
    const folder = mkdtempSync(join(tmpdir(), "minio-images-"));
    const whole = minioImage(newMinio);
    const noServer: ImageSpec = {
        ...whole,
        name: "registry.example.org/no-server:1",
        files: { "/etc/hostname": "/etc/hostname" },
        links: {},
    };
    const noCurl: ImageSpec = {
        ...whole,
        name: "registry.example.org/no-curl:1",
        hostPrograms: whole.hostPrograms?.filter((program) => program !== "curl"),
    };

    before(async () => {
        const { items } = await kubectlJson("get", "nodes");
        for (const image of [noServer, noCurl]) {
            const archive = join(folder, "image.tar");
            await writeImage(archive, image);
            for (const { metadata } of items) {
                await importImage(nodeNamed(metadata.name), archive);
            }
        }
        await project.init({ replicas: 2 });
    });
    after(async () => {
        await project.remove();
        rmSync(folder, { recursive: true, force: true });
    });

    /** An update that ends by itself long before `rollout.timeoutSeconds`, which is ten minutes. */
    async function refused(image: string): Promise<string> {
        await project.configure({ image });
        const began = Date.now();
        const { code, text } = await project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0, text);
        assert.ok(Date.now() - began < 120_000, "it waited for servers that cannot start");
        return text;
    }

    it("without sh is refused by its name, in seconds", async () => {
        const text = await refused(coreDnsImage);
        assert.match(
            text,
            new RegExp(`minio-\\d: the image '${coreDnsImage}' has no /bin/sh, by which a server is started`),
        );
    });

    it("without a server is refused by its name, in seconds, also in place of another one that cannot start", async () => {
        const text = await refused(noServer.name);
        assert.match(
            text,
            new RegExp(`minio-\\d: the image '${noServer.name}' has neither the program minio nor silo`),
        );
        const log = await kubectl("logs", "minio-1", inNamespace);
        assert.equal(log.trim(), "this image has neither the program minio nor silo");
    });

    it("without curl serves, and the update warns of what that costs", async () => {
        await project.configure({ image: noCurl.name });
        const text = await project.succeed("up", "--yes", "--skip-preview");
        assert.match(
            text,
            new RegExp(`warning: the image '${noCurl.name}' has no curl: a server that starts gets requests`),
        );
    });

    itInLongForm("with all of them starts the program that it has", async () => {
        await project.configure({ image: undefined });
        const text = await project.succeed("up", "--yes", "--skip-preview");
        assert.doesNotMatch(text, /has no curl/);
        const names = await kubectl("exec", "minio-0", inNamespace, "--", "sh", "-c", "cat /proc/[0-9]*/comm");
        assert.ok(names.split("\n").includes("silo"), names);
    });
});
