import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { sleep } from "../../devcluster/shell";
import type { RecordedLine } from "./recordingPlot";

/** Milliseconds between two commands, in which a person would read. */
const reading = 1500;

/** A shell whose commands and output are recorded. */
export class Terminal {
    readonly lines: RecordedLine[] = [];
    private readonly shell: ChildProcessWithoutNullStreams;
    private readonly began = Date.now();
    private line = "";
    private ended: (code: number | null) => void = () => {};

    constructor(
        cwd: string,
        env: NodeJS.ProcessEnv,
        private readonly pause = reading,
    ) {
        this.shell = spawn("bash", ["--noprofile", "--norc", "-c", "exec 2>&1; exec bash --noprofile --norc"], {
            cwd,
            env,
        });
        this.shell.stdout.setEncoding("utf8").on("data", (chunk: string) => this.take(chunk));
        this.shell.on("close", (code) => this.ended(code));
    }

    /**
     * Runs a command as a person would type it, and returns what it printed.
     *
     * @param expected with which code it ends
     */
    async type(command: string, expected = 0): Promise<string> {
        if (this.lines.length > 0) {
            await sleep(this.pause);
            this.add("");
        }
        this.add(`\u001b[1;32m$\u001b[0m \u001b[1m${command}\u001b[0m`);
        const before = this.lines.length;
        const end = new Promise<number | null>((resolve) => {
            this.ended = resolve;
        });
        this.shell.stdin.write(`{ ${command}\n} < /dev/null; printf '\\036%s\\n' $?\n`);
        const code = await end;
        const printed = this.lines.slice(before).map(({ text }) => text);
        if (code !== expected) {
            throw new Error(`${command} ended with ${code}:\n${printed.join("\n")}`);
        }
        return printed.join("\n");
    }

    close(): void {
        this.shell.stdin.end();
    }

    private take(chunk: string): void {
        const [first, ...others] = chunk.split("\n");
        this.line += first;
        for (const next of others) {
            // A carriage return goes back to the line's begin.
            const [text, code] = this.line.replace(/.*\r(?=.)/, "").split("\u001e");
            if (code === undefined || text !== "") {
                this.add(text);
            }
            if (code !== undefined) {
                this.ended(Number(code));
            }
            this.line = next;
        }
    }

    private add(text: string): void {
        this.lines.push({ at: Date.now() - this.began, text });
    }
}
