import * as pulumi from "@pulumi/pulumi";
import { messageOf } from "../basics/messageOf";
import { printable } from "../basics/printable";
import { isForbidden, untilAnswered } from "../kubernetes/errors";
import type { Connection } from "../live/connection";
import { keptSettings } from "../live/keptSettings";
import { endProgram } from "../pulumi/endProgram";
import { hasEngine } from "../pulumi/engine";
import type { Cluster, DeclaredCluster } from "../spec/cluster";

export interface SettingsOptions {
    cluster: DeclaredCluster;
    connection: Connection;
    /** Before the Secret has another content: see `Hooks`. */
    refuse: () => Promise<void>;
    /** Where it is said what could not be looked at. */
    resource: pulumi.Resource;
}

type Variables = Record<string, string>;

/**
 * What the Secret of the settings has: what is given, and what servers may still start from. It is known only when
 * nothing is refused: the engine replaces a Secret whose data change, deletes it first, and knows no hook before that
 * which a destroy could do without.
 */
export function settingsContent(options: SettingsOptions, given: pulumi.Output<Variables>): pulumi.Output<Variables> {
    const { cluster } = options;
    const content = ([values, known]: [Variables, Cluster]) =>
        hasEngine() ? withKept(options, values, known) : values;
    return pulumi.secret((pulumi.all([given, cluster.resolved]) as pulumi.Output<[Variables, Cluster]>).apply(content));
}

async function withKept(
    { connection, refuse, resource }: SettingsOptions,
    values: Variables,
    cluster: Cluster,
): Promise<Variables> {
    const isPreview = pulumi.runtime.isDryRun();
    const look = async () => {
        // What is kept becomes a part of the Secret, so it is of the provider's cluster.
        const kubernetes = await (isPreview ? connection.look() : connection.act());
        if (kubernetes === undefined) {
            return values;
        }
        if (!isPreview) {
            await refuse(); // In a preview, the StatefulSets' hooks say it.
        }
        return { ...(await keptSettings(kubernetes, cluster, Object.keys(values))), ...values };
    };
    const say = (text: string) => pulumi.log.info(text, resource, undefined, true);
    try {
        return await (isPreview ? look() : untilAnswered(look, cluster.timeoutSeconds, say));
    } catch (error) {
        const lacksRight = isForbidden(error);
        if (!isPreview && !lacksRight) {
            return endProgram(messageOf(error));
        }
        const why = lacksRight ? "a right to look is missing (docs/rbac.yaml)" : messageOf(error);
        pulumi.log.info(
            `not checked: ${printable(`whether servers may still start from variables that leave the Secret '${cluster.names.settings}': ${why}`)}`,
            resource,
        );
        return values;
    }
}
