import { createHash } from "node:crypto";
import {
    CreateBucketCommand,
    GetObjectCommand,
    HeadBucketCommand,
    PutObjectCommand,
    S3Client,
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

/** What a pod gets of a Secret by `envFrom`. */
async function environmentOf(namespace: string, secret: string): Promise<Record<string, string>> {
    const { data } = await kubectlJson("get", "secret", secret, `--namespace=${namespace}`);
    const entries = Object.entries<string>(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]);
    return Object.fromEntries(entries);
}

/** As an application that has nothing but the Secret of its access. */
export async function applicationOf(namespace: string, secret: string) {
    const environment = await environmentOf(namespace, secret);
    const url = new URL(environment.AWS_ENDPOINT_URL_S3);
    const [service, ofCluster] = url.hostname.split(".");
    // This process is no pod, and has no DNS of the cluster.
    url.hostname = (await kubectlJson("get", "service", service, `--namespace=${ofCluster}`)).spec.clusterIP;
    const s3 = new S3Client({
        endpoint: url.href,
        region: environment.AWS_REGION,
        forcePathStyle: true,
        maxAttempts: 1,
        credentials: {
            accessKeyId: environment.AWS_ACCESS_KEY_ID,
            secretAccessKey: environment.AWS_SECRET_ACCESS_KEY,
        },
    });
    return { s3, bucket: environment.BUCKET, endpoint: url.href, environment };
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
