import { messageOf } from "../basics/messageOf";
import { forSeveral } from "../basics/several";
import { type Difference, digestOf, endOf, phasesOf, type Step, saysTheSame } from "./difference";
import { parallel, type SecretKeys } from "./look";
import type { Minio } from "./minio";
import { entryOf, type Recorded } from "./record";

export interface CarryOutOptions {
    minio: Minio;
    secretKeys: SecretKeys;
    write: (record: Recorded) => Promise<void>;
    say: (text: string) => void;
}

/**
 * Does the steps, and records before and after them what was made here. An interrupted one leaves a record of all that
 * it may have made, so that the next run goes on.
 *
 * @throws Error naming the step that failed; what was done before stays
 */
export async function carryOut(difference: Difference, recorded: Recorded, options: CarryOutOptions): Promise<void> {
    const { minio, write, say } = options;
    const { steps, before, after } = difference;
    if (!isSame(before, recorded)) {
        await write(before);
    }
    for (const phase of phasesOf(steps)) {
        // The settings of one bucket are one document in MinIO.
        await forSeveral(bySubject(phase), parallel, async (group) => {
            for (const step of group) {
                try {
                    await carryOutStep(step, after, options);
                } catch (error) {
                    throw new Error(`${step.words}: it failed: ${messageOf(error)}. Run the same again to go on`);
                }
                say(step.words);
            }
        });
    }
    const documents = steps.flatMap((step) => (step.kind === "setPolicy" ? [step] : []));
    const there = documents.length > 0 ? await minio.policies() : {};
    for (const { policy, document } of documents) {
        const answer = entryOf(there, policy) ?? "";
        const differs = !saysTheSame(document, answer, undefined);
        after.policies[policy] = differs ? { told: [digestOf(document), digestOf(answer)] } : {};
    }
    if (!isSame(after, before)) {
        await write(after);
    }
}

function isSame(one: Recorded, other: Recorded): boolean {
    return JSON.stringify(one) === JSON.stringify(other);
}

function bySubject(steps: Step[]): Step[][] {
    const groups = new Map<string, Step[]>();
    for (const [index, step] of steps.entries()) {
        const subject = step.kind === "setBucket" ? step.bucket : String(index);
        groups.set(subject, [...(groups.get(subject) ?? []), step]);
    }
    return [...groups.values()];
}

async function carryOutStep(step: Step, after: Recorded, { minio, secretKeys }: CarryOutOptions): Promise<void> {
    switch (step.kind) {
        case "adopt":
            return;
        case "makeBucket":
            return minio.makeBucket(step.bucket, step.objectLocking);
        case "setBucket":
            return minio.set(step.bucket, step.setting, step.body);
        case "removeBucket":
            return minio.removeBucket(step.bucket, step.withObjects);
        case "setPolicy":
            return minio.setPolicy(step.policy, step.document);
        case "removePolicy":
            return minio.removePolicy(step.policy);
        case "makeUser":
            return minio.makeUser(step.user);
        case "enableUser":
            return minio.enableUser(step.user);
        case "setUserPolicies":
            return minio.setUserPolicies(step.user, step.policies);
        case "removeUser":
            return minio.removeUser(step.user);
        case "makeKey": {
            const secretKey = secretKeys[step.key];
            if (secretKey === undefined) {
                throw new Error("its secret key is not known in this run");
            }
            return minio.makeKey(step.user, step.key, secretKey, step.replaces);
        }
        case "endKey": {
            const { user, key, seconds } = step;
            if (seconds === undefined) {
                return minio.removeKey(user, key);
            }
            // MinIO takes no time that is too near when it hears of it, and the steps before this one may take long.
            const until = endOf(seconds, new Date());
            await minio.endKey(user, key, until);
            after.accesses[user] = { keys: { ...entryOf(after.accesses, user)?.keys, [key]: { until } } };
        }
    }
}
