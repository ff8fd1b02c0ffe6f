/** Writes docs/topology.html: one file that needs no network and no server. A part of `npm run docs`. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";

export const topologyPageFile = join(__dirname, "../topology.html");

/** In the place of Node.js' globals, and of its module for addresses. */
const node = join(__dirname, "node.ts");

const place = "<!-- script -->";

/** docs/topology.html as it should be. */
export async function topologyPage(): Promise<string> {
    const code = await topologyScript();
    return readFileSync(join(__dirname, "page.html"), "utf8").replace(place, () => `<script>\n${code}</script>`);
}

async function topologyScript(): Promise<string> {
    const { outputFiles } = await build({
        entryPoints: [join(__dirname, "main.ts")],
        bundle: true,
        minify: true,
        format: "iife",
        globalName: "topologyPage",
        target: "es2022",
        charset: "utf8",
        inject: [node],
        plugins: [withoutPackages],
        write: false,
    });
    const [{ text }] = outputFiles;
    if (/"(@pulumi\/|node:)/.test(text)) {
        throw new Error("docs/topologyPage uses what no browser has, Pulumi or Node.js: use pure functions only");
    }
    return text;
}

/** Resources and digests stand beside pure functions. They fall out of the bundle, as the page makes none. */
const withoutPackages: Plugin = {
    name: "without packages",
    setup({ onResolve }) {
        onResolve({ filter: /^node:net$/ }, () => ({ path: node }));
        onResolve({ filter: /^(@pulumi\/|node:)/ }, ({ path }) => ({ path, external: true, sideEffects: false }));
    },
};
