import { createServer } from "node:net";

let nextPort = 20_000 + (process.pid % 50) * 100;

/** The first of so many free ports in a row, outside the ranges of NodePorts and of outgoing connections. */
export async function freePorts(count: number): Promise<number> {
    const isFree = (port: number) =>
        new Promise<boolean>((resolve) => {
            const probe = createServer();
            probe.once("error", () => resolve(false));
            probe.listen({ host: "127.0.0.1", port }, () => probe.close(() => resolve(true)));
        });
    while (nextPort + count < 30_000) {
        const first = nextPort;
        nextPort += count;
        const ports = Array.from({ length: count }, (_, i) => first + i);
        if ((await Promise.all(ports.map(isFree))).every((free) => free)) {
            return first;
        }
    }
    throw new Error(`no ${count} free ports in a row below 30000`);
}
