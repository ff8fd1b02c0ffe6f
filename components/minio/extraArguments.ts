/** Which arguments a server may get beside those of the component. Pure. */

import { apiPort, consolePort } from "./ports";

/** The server's flags that the component gives or needs: `GlobalFlags` in `cmd/main.go`, `ServerFlags` in `cmd/server-main.go`. */
const ownFlags = [
    ...["address", "console-address", "certs-dir", "S", "config", "config-dir", "C"],
    ...["help", "h", "version", "v"],
    // The rollout reads the log of the pod, also what a quiet server does not say.
    ...["log-dir", "quiet"],
];

/** Flags that a server takes several times. */
const lists = ["ftp", "sftp"];

/** One that lets FTP or SFTP listen at a port of the server. */
const takesPort = new RegExp(`^--s?ftp=address=.*:\\+?0*(${apiPort}|${consolePort})$`);

/**
 * The flag of an argument; undefined where it is none, or has no value. A flag without one would take the next argument
 * as its value, such as the servers' addresses.
 */
export function flagOf(argument: unknown): string | undefined {
    return typeof argument === "string" ? /^--([A-Za-z][A-Za-z0-9-]*)=/.exec(argument)?.[1] : undefined;
}

/** @param before the flags before it */
export function argumentProblem(argument: unknown, before: (string | undefined)[]): string | undefined {
    const flag = flagOf(argument);
    if (flag === undefined) {
        return "use --name=value, a switch too, such as --anonymous=true; servers and drives follow from other arguments";
    }
    if (ownFlags.includes(flag)) {
        return "the component gives this argument, or needs it as it is: leave it out";
    }
    if (takesPort.test(String(argument))) {
        return `the server itself listens at ${apiPort} and ${consolePort}: use another port`;
    }
    return before.includes(flag) && !lists.includes(flag) ? "it is there twice: give it only once" : undefined;
}
