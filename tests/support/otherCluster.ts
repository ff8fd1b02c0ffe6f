import { readFileSync, writeFileSync } from "node:fs";
import { checkout, execute, succeed } from "./project";

/** Another embedded Kubernetes cluster, beside the one that the tests run on. It knows nothing of that one. */
export class OtherCluster {
    private readonly environment = {
        ...process.env,
        // A cluster's name has at most 9 characters.
        MINIO_DEVCLUSTER: `${process.env.MINIO_DEVCLUSTER?.slice(0, 3)}-other`,
        NODES: "1",
    };
    readonly kubeconfig = `/var/lib/minio-devcluster-${this.environment.MINIO_DEVCLUSTER}/kubeconfig`;

    start(): Promise<string> {
        return this.devcluster("start");
    }

    async stop(): Promise<void> {
        await this.devcluster("down");
    }

    kubectl(...args: string[]): Promise<string> {
        return succeed("kubectl", [`--kubeconfig=${this.kubeconfig}`, ...args]);
    }

    execute(...args: string[]) {
        return execute("kubectl", [`--kubeconfig=${this.kubeconfig}`, ...args]);
    }

    private devcluster(command: string): Promise<string> {
        return succeed("npx", ["tsx", "devcluster/main.ts", command], { cwd: checkout, env: this.environment });
    }
}

/** Writes a kubeconfig with a context of each name, of which the first is the current one. */
export function writeContexts(file: string, kubeconfigs: Record<string, string>): void {
    const entries = Object.entries(kubeconfigs).map(([name, path]) => {
        const { clusters, users } = JSON.parse(readFileSync(path, "utf8"));
        return { name, cluster: clusters[0].cluster, user: users[0].user };
    });
    const config = {
        apiVersion: "v1",
        kind: "Config",
        "current-context": entries[0].name,
        clusters: entries.map(({ name, cluster }) => ({ name, cluster })),
        users: entries.map(({ name, user }) => ({ name, user })),
        contexts: entries.map(({ name }) => ({ name, context: { cluster: name, user: name } })),
    };
    writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
}
