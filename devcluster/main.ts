/** The command line behind the Makefile's targets: `tsx devcluster/main.ts up|test|down|env`. */
import { down, env, start, test, up } from "./commands";
import { say, UserError } from "./shell";

const commands: Record<string, (args: string[]) => Promise<unknown>> = { up, start, test, down, env };

const [name, ...args] = process.argv.slice(2);
const command = commands[name];
if (!command) {
    process.stderr.write(`usage: ${Object.keys(commands).join(" | ")}\n`);
    process.exit(2);
}
command(args).catch((error: unknown) => {
    say(error instanceof UserError ? `error: ${error.message}` : `error: ${(error as Error).stack}`);
    process.exit(1);
});
