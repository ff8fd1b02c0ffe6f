import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const module = JSON.stringify(join(__dirname, "../../components/basics/beforeEnd"));

/** Two works that never end, each with a task; the second task takes longer than the first. */
const two = `
    const { withTaskBeforeEnd } = require(${module});
    const never = () => new Promise(() => setTimeout(() => {}, 60_000));
    const task = (name, milliseconds) => () =>
        new Promise((resolve) => setTimeout(() => resolve(console.log(name)), milliseconds));
    void withTaskBeforeEnd(task("first", 50), never);
    void withTaskBeforeEnd(task("second", 300), never);
`;

interface Ended {
    code: number | null;
    signal: NodeJS.Signals | null;
    lines: string[];
}

/** A process of its own that gets real signals, the first of them when it says that it is ready. */
async function ended(script: string, sent: NodeJS.Signals[]): Promise<Ended> {
    const args = ["--require", "tsx/cjs", "--eval", `${script}; setTimeout(() => console.log("ready"), 50)`];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
        const first = text === "";
        text += chunk;
        for (const [index, signal] of first ? sent.entries() : []) {
            setTimeout(() => child.kill(signal), 100 * index);
        }
    });
    const [code, signal] = await once(child, "close");
    return { code, signal, lines: text.trim().split("\n") };
}

describe("the tasks before the end", () => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
        it(`are all done when ${signal} ends the process`, async () => {
            assert.deepEqual(await ended(two, [signal]), {
                code: 1,
                signal: null,
                lines: ["ready", "first", "second"],
            });
        });
    }

    it("are done once when there is a second signal meanwhile", async () => {
        const { lines } = await ended(two, ["SIGINT", "SIGINT"]);
        assert.deepEqual(lines, ["ready", "first", "second"]);
    });

    it("are done although one of them fails", async () => {
        const failing = `${two}; void withTaskBeforeEnd(() => Promise.reject(new Error("no")), never);`;
        assert.deepEqual((await ended(failing, ["SIGINT"])).lines, ["ready", "first", "second"]);
    });

    it("do not end a program that listens itself", async () => {
        const script = `${two}; process.on("SIGINT", () => setTimeout(() => process.exit(7), 600));`;
        assert.deepEqual(await ended(script, ["SIGINT"]), {
            code: 7,
            signal: null,
            lines: ["ready", "first", "second"],
        });
    });

    it("leave a signal its meaning once the work is done", async () => {
        const script = `
            const { withTaskBeforeEnd } = require(${module});
            void withTaskBeforeEnd(async () => console.log("task"), async () => {});
            setTimeout(() => {}, 60_000)`;
        assert.deepEqual(await ended(script, ["SIGINT"]), { code: null, signal: "SIGINT", lines: ["ready"] });
    });

    it("forbid work that begins after the signal", async () => {
        const script = `${two};
            process.on("SIGINT", () => setTimeout(() => withTaskBeforeEnd(task("third", 1), never)
                .catch((error) => { console.log(error.message); process.exit(7); }), 100));`;
        assert.deepEqual((await ended(script, ["SIGINT"])).lines, [
            "ready",
            "first",
            "a signal has come that ends the program",
        ]);
    });
});
