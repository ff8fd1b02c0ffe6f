/** Commands in containers. */
import { PassThrough } from "node:stream";
import type { Exec, V1Status } from "@kubernetes/client-node";
import { printable } from "../basics/printable";
import { largestAnswer } from "./http";

/** How long a command in a container may take. */
const executeMilliseconds = 30_000;

/** Characters of what a command wrote, in an error. */
const longestReason = 1_000;

export async function execute(
    exec: Exec,
    namespace: string,
    pod: string,
    container: string,
    command: string[],
): Promise<string> {
    const [output, errors] = [new PassThrough(), new PassThrough()];
    const where = `${command[0]} in ${pod} (${container})`;
    let timer: NodeJS.Timeout | undefined;
    let running: { close(): void } | undefined;
    const written = { output: "", errors: "" };
    const status = await new Promise<V1Status>((resolve, reject) => {
        output.on("data", (chunk) => {
            written.output += chunk;
            if (written.output.length > largestAnswer) {
                reject(new Error(`${where} wrote more than ${largestAnswer} bytes`));
            }
        });
        errors.on("data", (chunk) => {
            written.errors = `${written.errors}${chunk}`.slice(0, largestAnswer);
        });
        const late = () => reject(new Error(`${where} did not end in ${executeMilliseconds / 1000} s`));
        timer = setTimeout(late, executeMilliseconds);
        exec.exec(namespace, pod, container, command, output, errors, null, false, resolve)
            .then((socket) => {
                running = socket;
                socket.onclose = () => reject(new Error(`${where}: the connection was closed`));
            })
            .catch(({ message }) => reject(new Error(`${where} cannot be run: ${message}`)));
    }).finally(() => {
        clearTimeout(timer);
        running?.close();
    });
    if (status.status !== "Success") {
        throw new Error(`${where} failed: ${lineOf(written.errors) || status.message}`);
    }
    return written.output;
}

/** What a pod wrote, as one line that acts on nothing. */
function lineOf(text: string): string {
    return printable(text.trim().split("\n").join("; ").slice(0, longestReason));
}
