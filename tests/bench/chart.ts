import { join } from "node:path";
import { minioReleases } from "../../devcluster/toolchain/versions";
import { succeed } from "../e2e/project";
import { findChart, findHelm } from "./helm";
import { rolledOut, targetIn } from "./manifests";
import type { Way } from "./ways";

/** MinIO's own chart. */
export function chartWay(name: string, title: string): Way {
    return {
        name,
        title,
        prepare(namespace) {
            async function install(release: string): Promise<void> {
                const chart = await findChart();
                await succeed(await findHelm(), [
                    "upgrade",
                    "--install",
                    "minio",
                    chart,
                    `--namespace=${namespace}`,
                    `--values=${join(__dirname, "chartValues.yaml")}`,
                    `--set=image.tag=${release}`,
                ]);
                await rolledOut(namespace);
            }
            return {
                async deploy() {
                    await install(minioReleases[0]);
                    return targetIn(namespace);
                },
                changes: [{ title: "version change", apply: () => install(minioReleases[1]) }],
                remove: async () => {},
            };
        },
    };
}
