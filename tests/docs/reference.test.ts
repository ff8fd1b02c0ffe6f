import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import * as ts from "typescript";
import { parse } from "yaml";
import { topologyOf } from "../../components/minio/topology";
import { zonesNeeded } from "../../components/minio/zones";
import { withDefaults } from "../../components/spec/spec";
import {
    accessClass,
    accessInterfaces,
    argumentAt,
    argumentInterfaces,
    choices,
    componentClass,
    reference,
    referenceFile,
    requirements,
    topologyDrawings,
} from "../../docs/generate";

const tests = join(__dirname, "..");

describe("docs/reference.md", () => {
    it("is what the doc comments say now", () => {
        assert.ok(
            readFileSync(referenceFile, "utf8") === reference(),
            "docs/reference.md is not what the doc comments say now: run npx tsx docs/generate.ts",
        );
    });

    it("says what every argument and output means", () => {
        const all = [...argumentInterfaces(), ...choices(), componentClass(), ...accessInterfaces(), accessClass()];
        const silent = all.flatMap(({ name, fields }) =>
            fields.filter(({ meaning }) => meaning === "").map((field) => `${name}.${field.name}`),
        );
        assert.deepEqual(silent, [], "these have no doc comment");
    });

    it("says the default of every argument that may be left out", () => {
        const silent = [...argumentInterfaces(), ...accessInterfaces()].flatMap(({ name, fields }) =>
            fields.filter((field) => field.optional && !field.default).map((field) => `${name}.${field.name}`),
        );
        assert.deepEqual(silent, [], 'the doc comments of these do not say "Default: …."');
    });

    it("says the defaults that the component has", () => {
        const { pools, image, resources, ...others } = withDefaults({});
        for (const [path, value] of leaves({ ...pools[0], ...others })) {
            const expected = typeof value === "string" ? `\`${value}\`` : String(value);
            assert.equal(argumentAt(path)?.default?.split(";")[0], expected, path);
        }
        for (const [path, value] of leaves(resources)) {
            assert.match(argumentAt("resources")?.default ?? "", new RegExp(`\\b${value}\\b`), path);
        }
        assert.ok(argumentAt("image")?.default?.includes(`\`${image.split("@")[0]}\``), image);
    });

    it("names arguments that are there, and says of none that is there that it is not yet", () => {
        const named = requirements.flatMap((row) => row.arguments);
        assert.deepEqual(
            named.filter((path) => !argumentAt(path)),
            [],
        );
        const missing = requirements.flatMap(({ notYet }) =>
            [...(notYet ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name),
        );
        assert.deepEqual(
            missing.filter((path) => argumentAt(path)),
            [],
        );
    });

    it("names tests that are there, for every requirement that is built", () => {
        const known = new Set(testTitles().map(([file, title]) => `${file}: ${title}`));
        const named = requirements.flatMap((row) => row.tests.map(([file, title]) => `${file}: ${title}`));
        assert.deepEqual(
            named.filter((test) => !known.has(test)),
            [],
            "there are no such tests: correct requirements in docs/generate.ts",
        );
        const unproved = requirements.filter((row) => row.tests.length === 0 && !row.notYet);
        assert.deepEqual(unproved, []);
    });
});

describe("docs/topology/", () => {
    for (const [file, drawing] of topologyDrawings()) {
        it(`${basename(file)} is what components/minio/topology.ts says now`, () => {
            assert.ok(
                readFileSync(file, "utf8") === drawing,
                `${file} is not what components/minio/topology.ts says now: run npx tsx docs/generate.ts`,
            );
        });
    }

    it("is shown whole in docs/concepts.md", () => {
        const concepts = readFileSync(join(__dirname, "../../docs/concepts.md"), "utf8");
        const shown = [...concepts.matchAll(/\]\(topology\/([^)]+)\)/g)].map(([, name]) => name);
        assert.deepEqual(shown.sort(), [...topologyDrawings().keys()].map((file) => basename(file)).sort());
    });
});

describe("docs/concepts.md", () => {
    it("says from how many zones on one may be lost", () => {
        const [, section] = readFileSync(join(tests, "../docs/concepts.md"), "utf8").split("## A lost zone\n");
        const rows = [...section.split("\n#")[0].matchAll(/^\| (\d.*) \| (\d+) zones \| (\d+) zones \|$/gm)];
        assert.ok(rows.length >= 7);
        for (const [, shapes, ...told] of rows) {
            for (const [, servers, drives] of shapes.matchAll(/(\d+) × (\d+)/g)) {
                const pool = topologyOf([{ servers: Number(servers), drivesPerServer: Number(drives), driveBytes: 0 }]);
                const needed = [pool?.serversThatMayFailForWrites, pool?.serversThatMayFailForReads].map(
                    (mayFail = 0) => String(zonesNeeded(Number(servers), mayFail, 1)),
                );
                assert.deepEqual(told, needed, shapes);
            }
        }
    });
});

/** Under each heading, the first column has a field of the object that it names, and the second its value in YAML. */
describe("docs/comparison.md", () => {
    it("says of this component what it makes", async () => {
        const objects = await render();
        const pod = objects["apps/v1:StatefulSet minio"].spec.template;
        const [server] = pod.spec.containers;
        const sections: Record<string, any> = {
            StatefulSet: objects["apps/v1:StatefulSet minio"],
            Pods: pod,
            "Server container": server,
            "Headless Service": objects["core/v1:Service minio-headless"],
            "Client Service": objects["core/v1:Service minio"],
            Secret: objects["core/v1:Secret minio-secret"],
            "Disruption budget": objects["policy/v1:PodDisruptionBudget minio-pdb"],
        };
        const text = readFileSync(join(__dirname, "../../docs/comparison.md"), "utf8");
        for (const [heading, object] of Object.entries(sections)) {
            const [, section] = text.split(`### ${heading}\n`);
            assert.ok(section, `docs/comparison.md has no heading '${heading}'`);
            const rows = [...section.split("\n#")[0].matchAll(/^\| `([^`]+)` \| (?:`([^`]+)`|(not set))/gm)];
            assert.ok(rows.length > 0, heading);
            for (const [, path, yaml] of rows) {
                const value = path.split(".").reduce((inner, key) => plain(inner)?.[key], object);
                const told = yaml === undefined ? undefined : parse(yaml);
                assert.deepEqual(shortened(plain(value), told), told, `docs/comparison.md, ${heading}: ${path}`);
            }
        }
    });
});

describe("what docs/comparison.md says of others, and of this component beside them", () => {
    const text = readFileSync(join(__dirname, "../../docs/comparison.md"), "utf8");
    const [, compared] = text.split("## Row by row");
    const tables = compared.split("## And the others").map((section) => {
        const cells = section
            .split("\n")
            .filter((line) => /^\| /.test(line))
            .map((line) => line.split("|").map((cell) => cell.trim()));
        const [head = [], ...rows] = cells;
        const column = head.indexOf("`MinioCluster`");
        return rows.map((row) => ({ what: row[1], here: row[column], shownBy: row.at(-2)?.split("<br>") ?? [] }));
    });
    const rows = tables.flat();

    it("has with each yes the tests that show it, or says that there are none", () => {
        assert.ok(rows.length > 60, `${rows.length} rows`);
        const silent = rows.filter(({ here, shownBy }) => shownBy.join() === "" && !here?.startsWith("no: "));
        assert.deepEqual(silent, [], "the last column of these is empty");
    });

    it("names tests that are there", () => {
        const known = testTitles().map(([file, title]) => {
            const name = file.replace(".test.ts", "");
            return `[${name}](../tests/${file}): ${title}`;
        });
        const told = rows.flatMap(({ shownBy }) => shownBy).filter((one) => !/^(not tested: .+)?$/.test(one));
        assert.ok(told.length > 80, `${told.length} tests`);
        const unknown = told.filter((one) => !known.includes(one));
        assert.deepEqual(unknown, [], "there are no such tests");
    });
});

/** What a MinioCluster registers by default, by mocks, under `<group>/<version>:<Kind> <name>`. */
async function render(): Promise<Record<string, any>> {
    const objects: Record<string, any> = {};
    await pulumi.runtime.setMocks({
        newResource({ type, name, inputs }) {
            objects[`${type.replace("kubernetes:", "")} ${name}`] = inputs;
            return { id: `${name}-id`, state: { ...inputs, result: "s3cret" } };
        },
        call: ({ inputs }) => inputs,
    });
    const { MinioCluster } = await import("../../index");
    const { ready } = new MinioCluster("minio", { replicas: 4, storageSize: "10Gi" });
    await new Promise((resolve) => ready.apply(resolve));
    return objects;
}

/** A value that is a secret stands in the mocks with a signature. */
function plain(value: any): any {
    return value?.["4dabf18193072939515e22adb298388d"] === undefined ? value : value.value;
}

/** A long text as far as it is told, when what is told ends with `…`. */
function shortened(value: unknown, told: unknown): unknown {
    return typeof told === "string" && told.endsWith("…") ? `${String(value).slice(0, told.length - 1)}…` : value;
}

function leaves(value: object, path = ""): [path: string, value: unknown][] {
    return Object.entries(value).flatMap(([key, inner]): [string, unknown][] =>
        typeof inner === "object"
            ? leaves(inner, `${path}${key}.`)
            : inner === undefined
              ? []
              : [[`${path}${key}`, inner]],
    );
}

/** What declares a test, or tests: each of those of the long form has a name, too. */
const isTest = /^(it|describe)(InLongForm)?$/;

/** Every test by its file under tests/ and its title, with `…` for what differs from case to case. */
function testTitles(): [file: string, title: string][] {
    return readdirSync(tests, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".test.ts"))
        .flatMap((file) => {
            const text = readFileSync(join(tests, file), "utf8");
            const titles: [string, string][] = [];
            const visit = (node: ts.Node) => {
                if (ts.isCallExpression(node) && isTest.test(node.expression.getText())) {
                    titles.push([file, titleOf(node.arguments[0])]);
                }
                ts.forEachChild(node, visit);
            };
            visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
            return titles;
        });
}

function titleOf(node: ts.Expression): string {
    if (ts.isTemplateExpression(node)) {
        return [node.head, ...node.templateSpans.map(({ literal }) => literal)].map(({ text }) => text).join("…");
    }
    return ts.isStringLiteralLike(node) ? node.text : "…";
}
