import * as pulumi from "@pulumi/pulumi";
import type { Names } from "../spec/names";
import type { MinioClusterSpec } from "../spec/spec";
import { scheme } from "../spec/spec";
import { minioAdmin, type PoolStatus } from "./admin";
import type { Connection } from "./connection";
import type { EventualCredentials } from "./liveCluster";

/**
 * Asks MinIO about its pools when it is called first, and tells the same again later.
 *
 * @returns a string says why MinIO cannot be asked
 */
export function poolStatuses(
    names: Names,
    spec: pulumi.Output<MinioClusterSpec>,
    connection: Connection,
    { rootUser, rootPassword }: EventualCredentials,
): () => Promise<PoolStatus[] | string> {
    let asked: Promise<PoolStatus[] | string> | undefined;
    const ask = () =>
        new Promise<PoolStatus[] | string>((resolve) =>
            pulumi
                .all([spec, rootUser, rootPassword])
                .apply(([known, user, password]) => resolve(askServers(names, known, connection, user, password))),
        );
    return () => {
        asked ??= ask();
        return asked;
    };
}

/** Any server knows. */
async function askServers(
    names: Names,
    spec: MinioClusterSpec,
    connection: Connection,
    rootUser: string,
    rootPassword: string,
): Promise<PoolStatus[] | string> {
    let why = "no server runs that could be asked";
    try {
        const kubernetes = await connection.act();
        const pods = await kubernetes.pods(spec.namespace, names.selector);
        for (const pod of pods.filter(({ status }) => status?.phase === "Running")) {
            const server = pod.metadata?.name as string;
            try {
                const send = kubernetes.send.bind(null, spec.namespace, server, scheme(spec));
                return await minioAdmin(send, { rootUser, rootPassword }).pools();
            } catch (error) {
                why = `MinIO cannot be asked: ${(error as Error).message}`;
            }
        }
    } catch (error) {
        why = `MinIO cannot be asked: ${(error as Error).message}`;
    }
    return why;
}
