import { createHash } from "node:crypto";
import {
    CreateBucketCommand,
    GetObjectCommand,
    HeadBucketCommand,
    PutObjectCommand,
    type S3Client,
} from "@aws-sdk/client-s3";
import { client, type Target } from "./load";
import { kubectlJson, type Project } from "./project";

/** The client Service of a cluster, as it is reached from outside, and how to log in. */
export async function targetOf(project: Project): Promise<Target> {
    const { serviceName, rootUser, rootPassword } = await project.outputs();
    const service = await kubectlJson("get", "service", serviceName, `--namespace=${project.namespace}`);
    return { endpoint: `http://${service.spec.clusterIP}:9000`, rootUser, rootPassword };
}

/** An S3 client of AWS's own making, through the client Service, from outside the cluster. */
export async function s3Of(project: Project, changes: Partial<Target> = {}): Promise<S3Client> {
    return client({ ...(await targetOf(project)), ...changes }, { sockets: 16 });
}

export async function makeBucket(s3: S3Client, Bucket: string): Promise<void> {
    await s3.send(new CreateBucketCommand({ Bucket })).catch((error: Error) => {
        // The SDK tried again after an answer that it did not wait for.
        if (error.name !== "BucketAlreadyOwnedByYou") {
            throw error;
        }
    });
    await s3.send(new HeadBucketCommand({ Bucket }));
}

export async function put(s3: S3Client, Bucket: string, Key: string, Body: Buffer): Promise<void> {
    await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
}

export async function get(s3: S3Client, Bucket: string, Key: string): Promise<Buffer> {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

export const digest = (data: Buffer) => createHash("sha256").update(data).digest("hex");
