/**
 * Draws docs/dashboard.svg, `make dashboard`: the panels of the component's own dashboard, each with what a real Prometheus has
 * for its queries, of a cluster that is used and changes its version meanwhile.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { say, sleep } from "../../devcluster/shell";
import { newMinio, oldMinio } from "../../devcluster/toolchain/versions";
import { waitForWriteQuorum } from "../../devcluster/writeQuorum";
import { ConstantLoad, client } from "../support/load";
import { makeOperatorKinds, removeOperatorKinds } from "../support/operatorKinds";
import { checkout, kubectlJson, Project } from "../support/project";
import { Prometheus } from "../support/prometheus";
import { makeBucket, targetOf } from "../support/s3";
import { dashboardPlot, type PlacedPanel } from "./dashboardPlot";

const namespace = "storage";

/** Seconds of use before the version change and after it. */
const quiet = 120;

const step = 5;

async function main(): Promise<void> {
    const project = new Project(namespace);
    let prometheus: Prometheus | undefined;
    try {
        say("deploying a cluster");
        await makeOperatorKinds();
        await project.init({
            image: oldMinio.image,
            storageSize: "3Gi",
            monitoring: {},
            environment: { MINIO_SCANNER_CYCLE: "2s" },
        });
        await project.succeed("up", "--yes", "--skip-preview");
        const target = await targetOf(project);
        await waitForWriteQuorum(target.endpoint);
        const buckets = ["images", "logs"];
        const s3 = client(target);
        for (const bucket of buckets) {
            await makeBucket(s3, bucket);
        }
        s3.destroy();
        prometheus = await Prometheus.of(namespace);
        const began = Date.now();
        const loads = [
            new ConstantLoad(target, "images"),
            new ConstantLoad(target, "logs", { bytes: 8 << 10, pauseMs: 20 }),
        ];
        say(`using it for ${quiet} s`);
        await sleep(quiet * 1000);
        say("changing its version");
        await project.configure({ image: newMinio.image });
        await project.succeed("up", "--yes", "--skip-preview");
        say(`using it for another ${quiet} s`);
        await sleep(quiet * 1000);
        await Promise.all(loads.map((load) => load.stop()));
        const file = join(checkout, "docs/dashboard.svg");
        writeFileSync(file, await draw(prometheus, Math.round((Date.now() - began) / 1000)));
        say(`drawn: ${file}`);
    } finally {
        await prometheus?.stop();
        await project.remove();
        await removeOperatorKinds();
    }
}

async function draw(prometheus: Prometheus, seconds: number): Promise<string> {
    const { data } = await kubectlJson("get", "configmap", "minio-dashboard", `--namespace=${namespace}`);
    const { title, panels } = JSON.parse(data[`minio-${namespace}-minio.json`]);
    const to = Math.floor(Date.now() / 1000);
    const filled = await Promise.all(
        panels.map(async (panel: PlacedPanel) => ({
            ...panel,
            found: await Promise.all(
                (panel.targets ?? []).map(({ expr }) => prometheus.queryRange(expr, seconds, step)),
            ),
        })),
    );
    return dashboardPlot(title, filled, { from: to - seconds, to, step });
}

main().catch((error: Error) => {
    say(`error: ${error.stack}`);
    process.exitCode = 1;
});
