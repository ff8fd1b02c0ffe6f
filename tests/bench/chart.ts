import { join } from "node:path";
import { namesOf } from "../../devcluster/toolchain/image";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { succeed } from "../support/project";
import { findChart, findHelm } from "./helm";
import { rolledOut, targetIn } from "./manifests";
import type { Way } from "./ways";

/** MinIO's own chart. */
export function chartWay(name: string, title: string): Way {
    return {
        name,
        title,
        prepare(namespace) {
            const install = (image: string) => installChart(namespace, image);
            return {
                async deploy() {
                    await install(oldMinio.image);
                    return targetIn(namespace);
                },
                changes: [{ title: "version change", apply: () => install(newMinio.image) }],
                remove: async () => {},
            };
        },
    };
}

/** Installs the chart with the values of chartValues.yaml, or changes what it has installed, and waits for its rollout. */
export async function installChart(namespace: string, image: string, ...values: string[]): Promise<void> {
    const chart = await findChart();
    await succeed(await findHelm(), [
        "upgrade",
        "--install",
        "minio",
        chart,
        `--namespace=${namespace}`,
        `--values=${join(__dirname, "chartValues.yaml")}`,
        ...imageValues(image),
        ...values,
    ]);
    await rolledOut(namespace);
}

/** An image in the chart's words, which have no digest. */
export function imageValues(image: string): string[] {
    const [, repository, tag] = /^(.*):(.*)$/.exec(namesOf(image).tagged) as RegExpExecArray;
    return [`--set=image.repository=${repository}`, `--set=image.tag=${tag}`];
}
