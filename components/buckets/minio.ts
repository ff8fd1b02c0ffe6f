/**
 * What is asked of MinIO here, by S3 and by its admin API: paths, parameters and answers are those of
 * `cmd/api-router.go`, `cmd/admin-router.go` and `cmd/admin-handlers-users.go` of RELEASE.2025-09-07.
 */
import { createHash, randomBytes } from "node:crypto";
import { sleep } from "../basics/sleep";
import type { Answer, KeptForward } from "../kubernetes/client";
import { MinioAdminError, reasonOf, type Signer, signedBy, type UnsignedRequest } from "../live/admin";
import { sealed, unsealed } from "../live/sealed";
import type { KeyState, LiveUser } from "./difference";
import { queries, type Setting, textOf } from "./settings";
import { textsOf } from "./xml";

/**
 * For so long MinIO may say that it cannot serve (503). A server that has just started may miss drives, and looks for
 * them after 15 s.
 */
const patienceMilliseconds = 30_000;

/** By the root account, through one server of the cluster. */
export class Minio {
    constructor(
        private readonly forward: KeptForward,
        private readonly root: Signer,
    ) {}

    async buckets(): Promise<string[]> {
        return textsOf((await this.call({ method: "GET", path: "/" })).body, "Name");
    }

    async makeBucket(bucket: string, objectLocking: boolean): Promise<void> {
        const headers = objectLocking ? { "x-amz-bucket-object-lock-enabled": "true" } : undefined;
        await this.call({ method: "PUT", path: `/${bucket}`, headers });
    }

    /** MinIO itself refuses one with objects or versions, unless they shall go too. */
    async removeBucket(bucket: string, withObjects: boolean): Promise<void> {
        const headers = withObjects ? { "x-minio-force-delete": "true" } : undefined;
        await this.call({ method: "DELETE", path: `/${bucket}`, headers }, [404]);
    }

    async hasObjects(bucket: string): Promise<boolean> {
        const query = { versions: "", "max-keys": "1" };
        const { body } = await this.call({ method: "GET", path: `/${bucket}`, query });
        return /<(Version|DeleteMarker)>/.test(body);
    }

    async objectLocking(bucket: string): Promise<boolean> {
        const request = { method: "GET", path: `/${bucket}`, query: { "object-lock": "" } };
        const { status, body } = await this.call(request, [404]);
        return status !== 404 && textsOf(body, "ObjectLockEnabled").includes("Enabled");
    }

    /** A setting as a text for comparison. */
    async setting(bucket: string, setting: Setting): Promise<string> {
        const request =
            setting === "quota"
                ? { method: "GET", path: admin("get-bucket-quota"), query: { bucket } }
                : { method: "GET", path: `/${bucket}`, query: { [queries[setting]]: "" } };
        const { status, body } = await this.call(request, [404]);
        return status === 404 ? "" : textOf[setting](body);
    }

    /** @param body undefined to take it away */
    async set(bucket: string, setting: Setting, body: string | undefined): Promise<void> {
        if (setting === "quota") {
            await this.call({ method: "PUT", path: admin("set-bucket-quota"), query: { bucket }, body });
            return;
        }
        const method = body === undefined ? "DELETE" : "PUT";
        const headers = body === undefined ? undefined : { "content-md5": md5(body) };
        const request = { method, path: `/${bucket}`, query: { [queries[setting]]: "" }, headers, body };
        await this.call(request, body === undefined ? [404] : []);
    }

    /** All policies, as documents. */
    async policies(): Promise<Record<string, string>> {
        const { body } = await this.call({ method: "GET", path: admin("list-canned-policies") });
        const found: Record<string, unknown> = JSON.parse(body);
        return Object.fromEntries(Object.entries(found).map(([name, document]) => [name, JSON.stringify(document)]));
    }

    async setPolicy(name: string, document: string): Promise<void> {
        await this.call({ method: "PUT", path: admin("add-canned-policy"), query: { name }, body: document });
    }

    /** The users and groups that have a policy, those of identity providers too. */
    async policyHolders(policy: string): Promise<string[]> {
        const { bytes } = await this.call({
            method: "GET",
            path: admin("idp/builtin/policy-entities"),
            query: { policy },
        });
        const told: Entities = JSON.parse(await unsealed(this.root.secretKey, bytes ?? Buffer.alloc(0)));
        return (told.policyMappings ?? []).flatMap(({ users, groups }) => [...(users ?? []), ...(groups ?? [])]);
    }

    /** MinIO itself refuses one that a user or group of its own has, and not one of an identity provider's. */
    async removePolicy(name: string): Promise<void> {
        await this.call({ method: "DELETE", path: admin("remove-canned-policy"), query: { name } }, [404]);
    }

    async user(accessKey: string): Promise<LiveUser | undefined> {
        const { status, body } = await this.call(
            { method: "GET", path: admin("user-info"), query: { accessKey } },
            [404],
        );
        if (status === 404) {
            return undefined;
        }
        const { policyName = "", status: state }: { policyName?: string; status: string } = JSON.parse(body);
        return { policies: policyName.split(",").filter((name) => name !== ""), isEnabled: state === "enabled" };
    }

    /** Nobody knows the secret key of the user itself: its keys have theirs. */
    async makeUser(accessKey: string): Promise<void> {
        const user = { secretKey: randomBytes(24).toString("base64url"), status: "enabled" };
        await this.callSealed({ method: "PUT", path: admin("add-user"), query: { accessKey } }, user);
    }

    async enableUser(accessKey: string): Promise<void> {
        const query = { accessKey, status: "enabled" };
        await this.call({ method: "PUT", path: admin("set-user-status"), query });
    }

    async setUserPolicies(user: string, policies: string[]): Promise<void> {
        const query = { policyName: policies.join(","), userOrGroup: user, isGroup: "false" };
        await this.call({ method: "PUT", path: admin("set-user-or-group-policy"), query });
    }

    /** With all its keys. */
    async removeUser(accessKey: string): Promise<void> {
        await this.call({ method: "DELETE", path: admin("remove-user"), query: { accessKey } }, [404]);
    }

    /** Tries a key by using it: MinIO looks at who asks before it looks at what. */
    async keyState(accessKey: string, secretKey: string): Promise<KeyState> {
        const request = { method: "GET", path: "/minio-cluster-tries-a-key", query: { location: "" } };
        const { region } = this.root;
        const { status, body } = await this.forward.send(await signedBy(request, { accessKey, secretKey, region }));
        const state = keyStates[textsOf(body, "Code")[0] ?? ""];
        if (state === undefined) {
            throw new MinioAdminError(
                `MinIO answers a request of the key ${accessKey} with ${status}: ${reasonOf(body)}`,
            );
        }
        return state;
    }

    /** The user that a key belongs to, whether it is valid or not; undefined where there is no such key. */
    async keyOwner(accessKey: string): Promise<string | undefined> {
        const request = { method: "GET", path: admin("info-service-account"), query: { accessKey } };
        const { status, bytes } = await this.call(request, [404]);
        if (status === 404) {
            return undefined;
        }
        return JSON.parse(await unsealed(this.root.secretKey, bytes ?? Buffer.alloc(0))).parentUser;
    }

    /** @param replaces whether there may be one of this user already */
    async makeKey(user: string, accessKey: string, secretKey: string, replaces: boolean): Promise<void> {
        if (replaces) {
            await this.removeKey(user, accessKey);
        }
        const key = { targetUser: user, accessKey, secretKey };
        await this.callSealed({ method: "PUT", path: admin("add-service-account") }, key);
    }

    /** It stays valid until then. */
    async endKey(user: string, accessKey: string, until: string): Promise<void> {
        if (!(await this.hasKey(user, accessKey))) {
            return;
        }
        const request = { method: "POST", path: admin("update-service-account"), query: { accessKey } };
        await this.callSealed(request, { newExpiration: until }, [404]);
    }

    async removeKey(user: string, accessKey: string): Promise<void> {
        if (!(await this.hasKey(user, accessKey))) {
            return;
        }
        await this.call({ method: "DELETE", path: admin("delete-service-account"), query: { accessKey } }, [404]);
    }

    /** @throws Error where another user has it: MinIO itself does not ask whose key it changes or removes */
    private async hasKey(user: string, accessKey: string): Promise<boolean> {
        const owner = await this.keyOwner(accessKey);
        if (owner !== undefined && owner !== user) {
            throw new Error(`the key '${accessKey}' belongs to '${owner}', so it is left as it is`);
        }
        return owner !== undefined;
    }

    private async callSealed(request: UnsignedRequest, body: object, others: number[] = []): Promise<Answer> {
        return this.call({ ...request, body: await sealed(this.root.secretKey, JSON.stringify(body)) }, others);
    }

    /**
     * @param others statuses that are no failure, either
     * @throws MinioAdminError
     */
    private async call(request: UnsignedRequest, others: number[] = []): Promise<Answer> {
        const send = async () => this.forward.send(await signedBy(request, this.root));
        const end = Date.now() + patienceMilliseconds;
        let answer = await send();
        while (answer.status === 503 && Date.now() < end) {
            await sleep(1000);
            answer = await send();
        }
        const { status, body } = answer;
        if (![200, 204, ...others].includes(status)) {
            const subject = Object.values(request.query ?? {}).filter((value) => value !== "");
            const what = [request.method, request.path, ...subject].join(" ");
            throw new MinioAdminError(`MinIO answers ${what} with ${status}: ${reasonOf(body)}`);
        }
        return answer;
    }
}

/** `PolicyEntitiesResult` in madmin-go's `idp-commands.go`. */
interface Entities {
    policyMappings?: { users?: string[]; groups?: string[] }[] | null;
}

/**
 * What MinIO's refusals tell of a key: nobody has the bucket that it is tried on. One that is disabled or has ended is
 * none.
 */
const keyStates: Record<string, KeyState> = {
    AccessDenied: "valid",
    NoSuchBucket: "valid",
    SignatureDoesNotMatch: "other",
    InvalidAccessKeyId: "absent",
};

function admin(name: string): string {
    return `/minio/admin/v3/${name}`;
}

function md5(body: string): string {
    return createHash("md5").update(body).digest("base64");
}
