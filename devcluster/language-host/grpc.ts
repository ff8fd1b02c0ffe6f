import {
    type handleServerStreamingCall,
    type handleUnaryCall,
    type ServerUnaryCall,
    type ServerWritableStream,
    status,
} from "@grpc/grpc-js";

/** An error that reaches the engine with a gRPC status other than UNKNOWN. */
export class RpcError extends Error {
    constructor(
        readonly code: status,
        message: string,
    ) {
        super(message);
    }
}

/** A call with one answer: what `answer` returns, or what it throws. */
export function unary<Request, Response>(
    answer: (request: Request, call: ServerUnaryCall<Request, Response>) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
    return async (call, callback) => {
        try {
            callback(null, await answer(call.request, call));
        } catch (error) {
            callback(failure(error));
        }
    };
}

/** A call with a stream of answers, which ends when `answer` is done. */
export function serverStream<Request, Response>(
    answer: (request: Request, call: ServerWritableStream<Request, Response>) => Promise<void>,
): handleServerStreamingCall<Request, Response> {
    return async (call) => {
        try {
            await answer(call.request, call);
            call.end();
        } catch (error) {
            call.emit("error", failure(error));
        }
    };
}

export function unimplemented<Request, Response>(method: string): handleUnaryCall<Request, Response> {
    return unary(() => {
        throw new RpcError(
            status.UNIMPLEMENTED,
            `${method} is not implemented: this small Node.js language host runs programs, component plugins and policy ` +
                "packs, but generates, packs and links no code",
        );
    });
}

function failure(error: unknown): { code: status; message: string; details: string } {
    const message = error instanceof Error ? error.message : String(error);
    return { code: error instanceof RpcError ? error.code : status.UNKNOWN, message, details: message };
}
