import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type KnownArgs, withDefaults } from "../../components/defaults";
import { releaseLeftLocks } from "../../components/leftLocks";
import { namesOf } from "../../components/names";
import { environmentWith, fakeProgram } from "./fakeProgram";

interface Lock {
    resource: string;
    owner: string;
    type: "READ" | "WRITE";
}

const dead = "minio-1.minio-headless.default.svc.cluster.local:9000";
const living = "minio-2.minio-headless.default.svc.cluster.local:9000";

describe("the locks that a server left", () => {
    let folder: string;
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-locks-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    const written = (file: string) =>
        existsSync(join(folder, file)) ? readFileSync(join(folder, file), "utf8").trim().split("\n") : [];

    /**
     * Runs it in the pod minio-1.
     *
     * @param locks what MinIO answers; undefined when no server does
     * @returns the addresses that were posted to
     */
    function posts(
        locks: Lock[] | undefined,
        { args = {}, shell = "sh", password = "secret" }: { args?: KnownArgs; shell?: string; password?: string } = {},
    ): string[] {
        // As Go writes JSON: without spaces, and these characters escaped.
        const answer = JSON.stringify(
            locks?.map(({ resource, owner, type }) => ({
                time: "2026-11-25T12:31:04.564692415Z",
                elapsed: 23351507743,
                resource,
                type,
                source: "[erasure-healing.go:323:erasureObjects.healObject()]",
                serverlist: [living, dead],
                owner,
                id: "ba1870b9-fa0f-4375-ad52-9acd8e81c002",
                quorum: 3,
            })) ?? null,
        ).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
        writeFileSync(join(folder, "answer"), answer);
        writeFileSync(join(folder, "hostname"), "minio-1\n");
        fakeProgram(folder, "curl", [
            `cat >> ${folder}/config; echo "$*" >> ${folder}/arguments`,
            'for url; do :; done; case "$*" in',
            `    *"--request GET"*) ${locks ? `cat ${folder}/answer` : "exit 7"} ;;`,
            `    *"--request POST"*) echo "$url" >> ${folder}/posts ;;`,
            "esac",
        ]);
        const script = releaseLeftLocks(namesOf("minio"), withDefaults(args)).replace(
            "/etc/hostname",
            `${folder}/hostname`,
        );
        const { status, stderr } = spawnSync(shell, ["-c", `${script}\nrelease_left_locks`], {
            env: {
                ...environmentWith(folder),
                MINIO_ROOT_USER: "admin",
                MINIO_ROOT_PASSWORD: password,
            },
        });
        assert.equal(`${status} ${stderr}`, locks ? "0 " : "7 ");
        return written("posts");
    }
    const release = "http://minio.default.svc.cluster.local:9000/minio/admin/v3/force-unlock?paths=";

    it("are released, and those of others are not", () => {
        assert.deepEqual(
            posts([
                { resource: "bucket/written", owner: dead, type: "WRITE" },
                { resource: "bucket/other", owner: living, type: "WRITE" },
                { resource: "bucket/ready", owner: "minio-10.minio-headless:9000", type: "WRITE" },
                { resource: ".minio.sys/leader.lock", owner: dead, type: "WRITE" },
            ]),
            [`${release}bucket%2Fwritten%2C.minio.sys%2Fleader.lock`],
        );
    });

    it("are released one and all with a lock for reading, unless others read the same object", () => {
        assert.deepEqual(
            posts([
                { resource: "bucket/read", owner: dead, type: "READ" },
                { resource: "bucket/shared", owner: dead, type: "READ" },
                { resource: "bucket/shared", owner: living, type: "READ" },
                { resource: "bucket/wanted", owner: living, type: "WRITE" },
                { resource: "bucket/wanted", owner: dead, type: "WRITE" },
            ]),
            [`${release}bucket%2Fread%2Cbucket%2Fwanted`],
        );
    });

    for (const shell of ["sh", "bash"]) {
        it(`are named as a URL names them, by ${shell}, or left where they cannot be`, () => {
            const keys = ["a b*[c]?%", "~é世{d", "a,b", "a&b", 'a"b', "a\\b", "plain"];
            assert.deepEqual(
                posts(
                    keys.map((key) => ({ resource: `bucket/${key}`, owner: dead, type: "WRITE" })),
                    { shell },
                ),
                [
                    release +
                        ["a b*[c]?%", "plain"]
                            .map((key) => encodeURIComponent(`bucket/${key}`).replaceAll("*", "%2A"))
                            .join("%2C"),
                ],
            );
            rmSync(join(folder, "posts"));
            assert.deepEqual(posts([{ resource: "bucket/~é世", owner: dead, type: "WRITE" }], { shell }), [
                `${release}${encodeURIComponent("bucket/~é世")}`,
            ]);
        });
    }

    it("are only named, whatever the names would say to a shell", () => {
        const key = `$(touch ${folder}/touched)\`touch ${folder}/touched\`'; touch ${folder}/touched; *`;
        assert.deepEqual(posts([{ resource: key, owner: dead, type: "READ" }]), [
            release +
                encodeURIComponent(key).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`),
        ]);
        assert.ok(!existsSync(join(folder, "touched")));
    });

    it("are none where there are none, where only others have some, and where nobody answers", () => {
        for (const locks of [[], undefined, [{ resource: "bucket/a", owner: living, type: "WRITE" as const }]]) {
            assert.deepEqual(posts(locks), []);
        }
    });

    it("are asked for by TLS where the servers have it, and the password is no argument", () => {
        const [url] = posts([{ resource: "a", owner: dead, type: "WRITE" }], {
            args: { tls: { secretName: "certificates" }, namespace: "store" },
            password: "p#:\\\"'$x",
        });
        assert.match(url, /^https:\/\/minio\.store\.svc/);
        assert.deepEqual(written("config"), Array(2).fill("user = admin:p#:\\\"'$x"));
        assert.doesNotMatch(written("arguments").join(), /p#/);
    });
});
