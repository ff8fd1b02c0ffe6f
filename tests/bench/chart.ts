import { existsSync } from "node:fs";
import { join } from "node:path";
import { minioReleases } from "../../devcluster/toolchain/versions";
import { succeed } from "../e2e/project";
import { findHelm } from "./helm";
import { rolledOut, targetIn, Unavailable } from "./manifests";
import type { Way } from "./ways";

/** MinIO's own chart, which is no part of this repository: `CHART` is a copy's folder or archive. */
export function chartWay(name: string, title: string): Way {
    return {
        name,
        title,
        prepare(namespace) {
            async function install(release: string): Promise<void> {
                const chart = chartPath();
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

function chartPath(): string {
    const chart = process.env.CHART;
    if (!chart) {
        throw new Unavailable("no chart given: set CHART=PATH, or --chart=PATH");
    }
    if (!existsSync(chart)) {
        throw new Unavailable(`there is no chart at ${chart}`);
    }
    return chart;
}
