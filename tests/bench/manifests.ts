/** What the ways without Pulumi have in common. */

import type { Target } from "../support/load";
import { kubectl, kubectlJson } from "../support/project";

/** Longest rollout, in seconds. One that takes longer is taken for one that never ends. */
const longestRollout = 300;

/** Waits as people do who have no other means. */
export async function rolledOut(namespace: string): Promise<void> {
    await kubectl(
        "rollout",
        "status",
        "statefulset/minio",
        `--namespace=${namespace}`,
        `--timeout=${longestRollout}s`,
    ).catch((error: Error) => {
        throw /timed out/.test(error.message) ? new Error(`not done after ${longestRollout} s`) : error;
    });
}

/** The Service `minio`, with the credentials of chartValues.yaml and seed.yaml. */
export async function targetIn(namespace: string): Promise<Target> {
    const service = await kubectlJson("get", "service", "minio", `--namespace=${namespace}`);
    return {
        endpoint: `http://${service.spec.clusterIP}:9000`,
        rootUser: "admin",
        rootPassword: "correct-horse-battery-staple",
    };
}

/** This machine lacks something that a way needs. */
export class Unavailable extends Error {}
