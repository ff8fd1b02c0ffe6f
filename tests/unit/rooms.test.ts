import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import * as ts from "typescript";

const root = join(__dirname, "../../components");

/** The rooms of components/, each of which may use those before it and none after it. */
const order = [
    "basics",
    "minio",
    "pulumi",
    "spec",
    "kubernetes",
    "live",
    "server",
    "change",
    "objects",
    "preflight",
    "rollout",
    "snapshots",
    "buckets",
    "monitoring",
    "update",
    "adopt",
    "status",
    "access",
    ".",
];

const mostFiles = 12;

/** What decides, and is called pure: at run time it knows neither Pulumi nor a client of Kubernetes. */
const pure =
    /^(basics|minio|spec|change|server)\/|^rollout\/(plan|heard|noticed|revisions|views)$|^live\/reachedDrives$|^buckets\/(difference|documents|settings|xml)$|^adopt\/(adoption|endpoints|entrances|found|helpers|notes|placement|report|settings|steps)$|^status\/(?!look$)|^access\/|^kubernetes\/errors$/;

/** It waits for Outputs. */
const impure = ["spec/checkedSpec"];

const clients = /^@(pulumi|kubernetes)\//;

interface Import {
    /** A file of components/ without its ending, or a package. */
    of: string;
    /** Whether it is there for the compiler only. */
    isType: boolean;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => file.replace(/\.ts$/, ""));
const importsOf = new Map(files.map((file) => [file, importsIn(file)]));

describe("the rooms of components/", () => {
    it("hold a dozen files each at most", () => {
        const counts = new Map<string, string[]>();
        for (const file of files) {
            counts.set(dirname(file), [...(counts.get(dirname(file)) ?? []), file]);
        }
        const full = [...counts].filter(([, { length }]) => length > mostFiles).map(([room]) => room);
        assert.deepEqual(full, []);
    });

    it("are all in the order, and use only rooms that are before them there", () => {
        assert.deepEqual(
            files.filter((file) => !order.includes(dirname(file))),
            [],
            "a room that is not in the order",
        );
        const upward = arrows().filter(([from, to]) => order.indexOf(dirname(to)) > order.indexOf(dirname(from)));
        assert.deepEqual(
            upward.map(([from, to]) => `${from} uses ${to}`),
            [],
        );
    });

    it("have no circle of files, not even one of types", () => {
        assert.deepEqual(circle(), undefined);
    });

    it("know neither Pulumi nor Kubernetes at run time, as far as they are pure", () => {
        const judged = files.filter((file) => pure.test(file) && !impure.includes(file));
        const found = judged.flatMap((file) =>
            [...atRunTime(file)].filter((one) => clients.test(one)).map((one) => `${file} loads ${one}`),
        );
        assert.ok(judged.length > 30);
        assert.deepEqual(found, []);
    });

    it("know nothing outside of components/", () => {
        assert.deepEqual(
            arrows().filter(([, to]) => to.startsWith("..")),
            [],
        );
    });
});

function importsIn(file: string): Import[] {
    const source = ts.createSourceFile(
        file,
        readFileSync(join(root, `${file}.ts`), "utf8"),
        ts.ScriptTarget.Latest,
        true,
    );
    const found: Import[] = [];
    const add = (text: string, isType: boolean) =>
        found.push({ of: text.startsWith(".") ? normalize(join(dirname(file), text)) : text, isType });
    const visit = (node: ts.Node): void => {
        if (
            (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
            node.moduleSpecifier &&
            ts.isStringLiteral(node.moduleSpecifier)
        ) {
            add(node.moduleSpecifier.text, isForTypes(node));
        }
        if (
            ts.isImportTypeNode(node) &&
            ts.isLiteralTypeNode(node.argument) &&
            ts.isStringLiteral(node.argument.literal)
        ) {
            add(node.argument.literal.text, true);
        }
        const [argument] = ts.isCallExpression(node) ? node.arguments : [];
        if (
            ts.isCallExpression(node) &&
            (node.expression.kind === ts.SyntaxKind.ImportKeyword || node.expression.getText() === "require") &&
            argument &&
            ts.isStringLiteral(argument)
        ) {
            add(argument.text, false);
        }
        ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
}

/** Whether the compiler drops the whole statement. */
function isForTypes(node: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
    if (ts.isExportDeclaration(node)) {
        return node.isTypeOnly;
    }
    const { importClause } = node;
    const names = importClause?.namedBindings;
    return (
        importClause !== undefined &&
        (importClause.isTypeOnly ||
            (!importClause.name &&
                names !== undefined &&
                ts.isNamedImports(names) &&
                names.elements.every(({ isTypeOnly }) => isTypeOnly)))
    );
}

/** Which file uses which. */
function arrows(): [from: string, to: string][] {
    return [...importsOf].flatMap(([from, imports]) =>
        imports
            .filter(({ of }) => importsOf.has(of) || of.startsWith(".."))
            .map(({ of }): [string, string] => [from, of]),
    );
}

function circle(): string[] | undefined {
    const done = new Set<string>();
    const walk = (file: string, way: string[]): string[] | undefined => {
        if (way.includes(file)) {
            return [...way.slice(way.indexOf(file)), file];
        }
        if (done.has(file)) {
            return undefined;
        }
        for (const { of } of importsOf.get(file) ?? []) {
            const found = walk(of, [...way, file]);
            if (found) {
                return found;
            }
        }
        done.add(file);
        return undefined;
    };
    for (const file of files) {
        const found = walk(file, []);
        if (found) {
            return found;
        }
    }
    return undefined;
}

/** All that is loaded with a file. */
function atRunTime(file: string, seen = new Set<string>()): Set<string> {
    for (const { of, isType } of importsOf.get(file) ?? []) {
        if (!isType && !seen.has(of)) {
            seen.add(of);
            atRunTime(of, seen);
        }
    }
    return seen;
}
