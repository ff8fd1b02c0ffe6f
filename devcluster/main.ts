/**
 * The command line behind the Makefile's targets:
 * `tsx devcluster/main.ts up|start|test|test-long|test-faults|test-random|bench NAME|down|env`.
 */
import { bench, down, env, start, test, testFaults, testLong, testRandom, up } from "./commands";
import { requireSupportedMachine } from "./preflight";
import { say, UserError } from "./shell";

const commands: Record<string, (...args: string[]) => Promise<unknown>> = {
    up,
    start,
    test,
    "test-long": testLong,
    "test-faults": testFaults,
    "test-random": testRandom,
    bench,
    down,
    env,
};

const command = commands[process.argv[2]];
if (!command) {
    process.stderr.write(`usage: ${Object.keys(commands).join(" | ")}\n`);
    process.exit(2);
}
// In a shell made by `su`, root's own programs are not among those that are found.
const path = (process.env.PATH ?? "").split(":");
process.env.PATH = [...path, ...["/usr/sbin", "/sbin"].filter((folder) => !path.includes(folder))].join(":");

async function main(): Promise<void> {
    requireSupportedMachine();
    await command(...process.argv.slice(3));
}

main().catch((error: unknown) => {
    say(error instanceof UserError ? `error: ${error.message}` : `error: ${(error as Error).stack}`);
    process.exit(1);
});
