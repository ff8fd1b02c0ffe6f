import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";
import { cacheDir, checkout } from "../paths";

/** One thing that is built once and kept in the cache: a folder of files, keyed by everything that decides its content. */
export interface Component {
    name: string;
    /** What a person is told that is being built. */
    title: string;
    /** Files and folders of the checkout whose content decides the result; Go tests among them do not count. */
    inputs: string[];
    /** Settings outside those files that decide the result. */
    pins?: string[];
    /** Components that must be built first. */
    needs?: Component[];
    /** Makes the result in the empty folder `out`, and writes what a person may want to read to the file `log`. */
    build(out: string, log: string): Promise<void>;
}

/** The folder that holds the component's result, whether it has been built or not. */
export function folderOf(component: Component): string {
    return join(cacheDir, "toolchain", `${component.name}-${keyOf(component)}`);
}

export function isBuilt(component: Component): boolean {
    return existsSync(folderOf(component));
}

/** A short hash of the inputs, the pins and the keys of what it needs: it changes when, and only when, one of them does. */
export function keyOf(component: Component): string {
    const hash = createHash("sha256").update(process.arch);
    for (const pin of component.pins ?? []) {
        hash.update(`pin ${pin}\n`);
    }
    for (const needed of component.needs ?? []) {
        hash.update(`needs ${needed.name} ${keyOf(needed)}\n`);
    }
    for (const input of component.inputs) {
        for (const file of filesUnder(join(checkout, input))) {
            hash.update(`file ${relative(checkout, file)}\n`).update(readFileSync(file));
        }
    }
    return hash.digest("hex").slice(0, 12);
}

function filesUnder(path: string): string[] {
    if (statSync(path).isFile()) {
        return [path];
    }
    return readdirSync(path)
        .filter((name) => !name.endsWith("_test.go"))
        .sort()
        .flatMap((name) => filesUnder(join(path, name)));
}
