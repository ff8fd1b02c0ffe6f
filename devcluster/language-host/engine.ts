import { Client, credentials, status } from "@grpc/grpc-js";

const checkEverySeconds = 10;

/**
 * Calls `onGone` once the engine no longer listens: a CLI that was killed outright sends no signal, and would otherwise
 * leave its host and programs behind.
 */
export function watchEngine(address: string, onGone: () => void): void {
    // The engine is on this machine: never ask a proxy for it.
    const client = new Client(address, credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
    const check = (): void => {
        // Whether the engine calls itself healthy does not matter, nor how long it takes: only that it still listens.
        // So the messages stay empty and there is no deadline, which a busy machine could miss.
        client.makeUnaryRequest(
            "/grpc.health.v1.Health/Check",
            () => Buffer.alloc(0),
            () => undefined,
            undefined,
            (error) => {
                if (error?.code === status.UNAVAILABLE) {
                    onGone();
                } else {
                    setTimeout(check, checkEverySeconds * 1000);
                }
            },
        );
    };
    setTimeout(check, checkEverySeconds * 1000);
}
