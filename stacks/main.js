/**
 * What Pulumi runs for a stack: index.ts and all that it imports of this repository, as one file of JavaScript. It is made when a
 * source has changed, in a tenth of a second; Pulumi's own way loads TypeScript's compiler each time. Types are checked by `npm run lint`.
 */
const { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const root = join(__dirname, "..");
const bundle = join(root, "node_modules/.cache/minio-cluster/stacks.js");
/** Tells of which sources the bundle is, each with its state. */
const sourcesFile = `${bundle}.sources.json`;

/** @param {string} source from the root of the repository */
function stateOf(source) {
    const { mtimeMs, size } = statSync(join(root, source));
    return `${mtimeMs} ${size}`;
}

function isOfTheseSources() {
    try {
        const sources = JSON.parse(readFileSync(sourcesFile, "utf8"));
        statSync(bundle);
        return Object.entries(sources).every(([source, state]) => stateOf(source) === state);
    } catch {
        return false; // There is none yet, or a source is gone.
    }
}

function make() {
    const { metafile, outputFiles } = require("esbuild").buildSync({
        absWorkingDir: root,
        entryPoints: ["stacks/index.ts"],
        outfile: bundle,
        bundle: true,
        packages: "external",
        platform: "node",
        target: "node20",
        sourcemap: "linked", // Pulumi reads it when an error's stack is shown.
        metafile: true,
        write: false,
    });
    mkdirSync(dirname(bundle), { recursive: true });
    const sources = Object.keys(metafile.inputs).map((source) => [source, stateOf(source)]);
    for (const { path, contents } of outputFiles) {
        replace(path, contents);
    }
    replace(sourcesFile, JSON.stringify(Object.fromEntries(sources)));
}

/** Another program that runs at the same time sees the old file or the new one. */
function replace(file, contents) {
    writeFileSync(`${file}.${process.pid}`, contents);
    renameSync(`${file}.${process.pid}`, file);
}

if (!isOfTheseSources()) {
    make();
}
module.exports = require(bundle);
