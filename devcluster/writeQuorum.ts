import { waitFor } from "./shell";

/**
 * Waits until MinIO says that every object can be written. Servers are ready when they can read; on a first start some
 * moments pass until enough have joined for writes.
 *
 * @param endpoint of the client Service, such as `http://10.96.0.20:9000`
 */
export function waitForWriteQuorum(endpoint: string): Promise<void> {
    const isHealthy = async () => {
        const answer = await fetch(`${endpoint}/minio/health/cluster`).catch(() => undefined);
        return answer?.ok ?? false;
    };
    return waitFor("write quorum", isHealthy, { seconds: 60 });
}
