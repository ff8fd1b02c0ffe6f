import * as pulumi from "@pulumi/pulumi";
import { hasEngine } from "./engine";

/**
 * Ends the program with an error that is found while it runs, of which Pulumi shows only the message. An Output that fails
 * instead would be wrapped in the errors of all that use it.
 *
 * @returns never; in a unit test, which has no engine, it throws
 */
export function endProgram(message: string): Promise<never> {
    const error = new pulumi.RunError(message);
    if (!hasEngine()) {
        throw error;
    }
    error.stack = error.message; // Pulumi formats it, which takes 20 s and 2 GB for the real one (tried), and shows none of it.
    setImmediate(() => {
        throw error;
    });
    return new Promise(() => {}); // What waits for it is not made.
}
