/** Requests by HTTP, of which as much is read as is wanted. */
import * as http from "node:http";
import * as https from "node:https";
import type { Answer } from "./client";

/** What a pod says may be as long as it likes; so many bytes of it are read. */
export const largestAnswer = 64 << 10;

/** @param largest bytes of the answer's body that are read at most */
export function request(
    url: URL,
    options: https.RequestOptions,
    largest = Number.POSITIVE_INFINITY,
    body?: string | Buffer,
): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const client = url.protocol === "http:" ? http : https;
        const sent = client.request(url, options, (response) => {
            const chunks: Buffer[] = [];
            let length = 0;
            const end = () => {
                const bytes = Buffer.concat(chunks).subarray(0, largest);
                const { statusCode: status = 0, headers } = response;
                resolve({ status, headers, body: bytes.toString(), bytes });
            };
            response.on("data", (chunk: Buffer) => {
                chunks.push(chunk);
                length += chunk.length;
                if (length > largest) {
                    end();
                    sent.destroy();
                }
            });
            response.on("error", reject);
            response.on("end", end);
        });
        sent.on("error", reject);
        sent.end(body);
    });
}
