import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { kubectl } from "../support/project";
import { rolledOut, targetIn } from "./manifests";
import type { Way } from "./ways";

/** The manifest of the article that this project started from. */
export function seedWay(name: string, title: string): Way {
    return {
        name,
        title,
        prepare(namespace) {
            const folder = mkdtempSync(join(tmpdir(), "minio-bench-"));
            const inNamespace = `--namespace=${namespace}`;
            return {
                async deploy() {
                    const manifest = readFileSync(join(__dirname, "seed.yaml"), "utf8");
                    const file = join(folder, "seed.yaml");
                    writeFileSync(
                        file,
                        manifest.replace(": IMAGE", `: ${oldMinio.image}`).replace(".NAMESPACE.", `.${namespace}.`),
                    );
                    await kubectl("apply", inNamespace, `--filename=${file}`);
                    await rolledOut(namespace);
                    return targetIn(namespace);
                },
                changes: [
                    {
                        title: "version change",
                        async apply() {
                            await kubectl("set", "image", inNamespace, "statefulset/minio", `minio=${newMinio.image}`);
                            await rolledOut(namespace);
                        },
                    },
                ],
                remove: async () => rmSync(folder, { recursive: true, force: true }),
            };
        },
    };
}
