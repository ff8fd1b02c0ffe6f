import assert from "node:assert/strict";
import type { V1ContainerStatus, V1Pod } from "@kubernetes/client-node";
import { imageProblem, lacksServer } from "../../components/server/imageProblem";

describe("an image's problem", () => {
    const pod = (status: Partial<V1ContainerStatus>) =>
        ({
            spec: { containers: [{ name: "minio", image: "example.org/a:1" }] },
            status: { containerStatuses: [{ name: "minio", ...status }] },
        }) as V1Pod;
    const noShell =
        "the image 'example.org/a:1' has no /bin/sh, by which a server is started: use one with sh, coreutils and curl";

    // containerd 1.6 with runc 1.1, as tests/e2e/images.test.ts has it; then crun's words, as CRI-O has them.
    for (const message of [
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to " +
            'start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown',
        "container create failed: executable file `/bin/sh` not found: No such file or directory",
    ]) {
        it(`is a shell that is missing: ${message}`, () => {
            const terminated = { exitCode: 128, reason: "StartError", message };
            assert.equal(imageProblem(pod({ state: { waiting: { reason: "RunContainerError", message } } })), noShell);
            const waiting = { reason: "CrashLoopBackOff", message: "back-off 10s restarting failed container" };
            assert.equal(imageProblem(pod({ state: { waiting }, lastState: { terminated } })), noShell);
            assert.equal(imageProblem(pod({ state: { terminated } })), noShell);
        });
    }

    it("is a server that is missing", () => {
        const terminated = { exitCode: 127, message: `${lacksServer}\n` };
        assert.match(
            imageProblem(pod({ state: { terminated } })) ?? "",
            /'example.org\/a:1' has neither the program minio nor silo/,
        );
    });

    it("is none of a server that runs, ends by itself, cannot be pulled or has no status yet", () => {
        const ended = { terminated: { exitCode: 127, message: lacksServer } };
        for (const status of [
            { state: { running: {} }, lastState: ended },
            { state: { terminated: { exitCode: 1, message: "exec: no such file or directory" } } },
            { state: { waiting: { reason: "ErrImagePull", message: "example.org/a:1: not found" } } },
            {},
        ]) {
            assert.equal(imageProblem(pod(status)), undefined);
        }
        assert.equal(imageProblem({}), undefined);
    });
});
