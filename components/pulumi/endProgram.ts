import { AsyncLocalStorage } from "node:async_hooks";
import * as pulumi from "@pulumi/pulumi";
import { engineAnswers, hasEngine, hasProcess } from "./engine";
import { resourceHook } from "./hooked";
import { allWorkDone, isWorkUnderWay } from "./underWay";

/**
 * Ends the program with an error that is found while it runs, of which Pulumi shows only the message. An Output that fails
 * instead would be wrapped in the errors of all that use it, and would leave them registered never: an inline program of the
 * Automation API waits for such a resource for ever. Work that is under way on other clusters is done first.
 *
 * @returns never; in a unit test, which has no engine, it throws
 */
export function endProgram(message: string): Promise<never> {
    const error = new pulumi.RunError(message);
    if (!hasEngine()) {
        throw error;
    }
    if (hasProcess()) {
        endProcess(error);
    } else {
        void endUpdate(error);
    }
    return new Promise(() => {}); // What waits for it is not made.
}

/** As an error that nobody catches: Pulumi shows it, and the process ends with its last work. */
function endProcess(error: Error): void {
    error.stack = error.message; // Pulumi formats it, which takes 20 s and 2 GB for the real one (tried), and shows none of it.
    setImmediate(() => {
        throw error;
    });
}

/** For what follows from a rollout: the set that is taken next begins, or the provider answers for the component. */
const lingerMilliseconds = 2_000;

/**
 * By a step of the engine that fails, which ends the update whatever this process still waits for. An error that nobody catches
 * would count for all programs that run in the process, and for all components that a provider constructs at the same time.
 */
async function endUpdate(error: Error): Promise<void> {
    if (isWorkUnderWay()) {
        pulumi.log.warn(`${error.message}\nThis update ends when the work on other clusters is done.`);
        await allWorkDone(lingerMilliseconds);
    }
    if (await engineAnswers()) {
        const end = component.getStore() ?? failStep;
        end(error);
    }
}

/** Ends only the component that is being made, where a process makes several. */
const component = new AsyncLocalStorage<(error: Error) => void>();

/** What making a component comes to; when the component ends the program, it fails with that error, and no other does. */
export function endingAlone<T>(make: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => component.run(reject, () => make().then(resolve, reject)));
}

let failures = 0;

function failStep(error: Error): void {
    const name = `failure-${++failures}`;
    const fail = () => {
        throw error;
    };
    const hooks = { beforeCreate: [resourceHook(name, fail, { onDryRun: true })] };
    new pulumi.ComponentResource("minio-cluster:index:Failure", name, {}, { hooks });
}
