/** Which arguments a server may get beside those of the component. Pure. */

/** The server's flags that the component gives or needs: `GlobalFlags` in `cmd/main.go`, `ServerFlags` in `cmd/server-main.go`. */
const ownFlags = [
    ...["address", "console-address", "certs-dir", "S", "config", "config-dir", "C"],
    ...["help", "h", "version", "v"],
];

/** Flags that a server takes several times. */
const lists = ["ftp", "sftp"];

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
    return before.includes(flag) && !lists.includes(flag) ? "it is there twice: give it only once" : undefined;
}
