import * as pulumi from "@pulumi/pulumi";

/**
 * Whether there is an engine; a unit test with mocks has none.
 *
 * `pulumi.runtime.hasEngine` knows only the engine of a program that has the process for itself: in a component provider, which
 * serves programs in other languages, and in an inline program of the Automation API, it says no (`runtime/settings.js` of
 * 3.248: it looks at a global, while each run has its engine in its own asynchronous context).
 */
export function hasEngine(): boolean {
    return engine() !== undefined;
}

/** Whether the run may change something: neither a preview, nor a unit test with mocks. A refresh and a destroy seem so, too. */
export function isUp(): boolean {
    return hasEngine() && !pulumi.runtime.isDryRun();
}

/**
 * Whether the program has the process for itself, as with `pulumi up`. A component provider and the Automation API run several
 * in one process, which goes on after each.
 */
export function hasProcess(): boolean {
    const address = process.env.PULUMI_NODEJS_ENGINE; // Given by @pulumi/pulumi/cmd/run, which starts such a process.
    return address !== undefined && engineAddress().endsWith(address);
}

/** Tells apart the updates that run at the same time in one process; empty without an engine. */
export function engineAddress(): string {
    return engine()?.getChannel().getTarget() ?? "";
}

/** Whether the update goes on: its engine ends when it fails, or when the user ends it, and an inline program lives on. */
export function engineAnswers(): Promise<boolean> {
    const client = engine();
    return client
        ? new Promise((resolve) => client.waitForReady(Date.now() + 2_000, (error) => resolve(!error)))
        : Promise.resolve(true);
}

/** Of a client of gRPC, which @pulumi/pulumi declares as anything. */
interface EngineClient {
    getChannel(): { getTarget(): string };
    waitForReady(deadline: number, callback: (error?: Error) => void): void;
}

function engine(): EngineClient | undefined {
    return pulumi.runtime.getEngine() as EngineClient | undefined;
}
