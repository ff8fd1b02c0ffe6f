import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { signed } from "../../components/live/admin";
import { script } from "../../components/server/scripts";
import type { KnownArgs } from "../../components/spec/spec";
import { fakeProgram } from "../support/fakeProgram";
import { type Happening, type Lock, Lockers } from "../support/lockers";
import { environmentOf, shells } from "../support/podScript";

const hostOf = (server: string) => `${server}.minio-headless.default.svc.cluster.local:9000`;
const serversOf = (count: number) => Array.from({ length: count }, (_, ordinal) => `minio-${ordinal}`);

interface Run {
    args?: KnownArgs;
    /** The pod in which it runs. */
    pod?: string;
    shell?: string;
    user?: string;
    password?: string;
}

describe("the locks that a server left", () => {
    let folder: string;
    let server: Server;
    let answer: (method: string, address: URL, headers: Record<string, unknown>) => string | undefined;
    before(async () => {
        server = createServer(({ method, url, headers }, response) => {
            const body = answer(method ?? "", new URL(url ?? "", "http://minio"), { ...headers, url });
            response.writeHead(body === undefined ? 403 : 200).end(body);
        });
        await once(server.listen(0, "127.0.0.1"), "listening");
    });
    after(() => server.close());
    beforeEach(() => {
        folder = mkdtempSync(join(tmpdir(), "minio-locks-"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    /** Runs the script, with the real curl, against the server that stands in for MinIO. */
    async function run({ args = {}, pod = "minio-1", shell = "sh", user = "admin", password = "secret12" }: Run = {}) {
        const { port } = server.address() as AddressInfo;
        const variables = environmentOf({ folder, args, name: pod });
        const env = {
            ...variables,
            CLUSTER_URL: args.tls ? variables.CLUSTER_URL : `http://127.0.0.1:${port}`,
            MINIO_ROOT_USER: user,
            MINIO_ROOT_PASSWORD: password,
        };
        fakeProgram(folder, "sleep", [`echo slept >> ${folder}/slept`]);
        const child = spawn(shell, ["-c", `${script("curl", "locks")}\nrelease_left_locks`], { env });
        let errors = "";
        child.stderr.on("data", (chunk) => {
            errors += chunk;
        });
        const [status] = await once(child, "close");
        assert.equal(errors, "");
        return status;
    }

    const lock = (object: string, others: Partial<Lock> & { elapsed?: number; on?: string[] } = {}) => ({
        object,
        owner: "minio-1",
        writer: true,
        elapsed: 20_000,
        on: ["minio-0", "minio-2", "minio-3"],
        ...others,
    });
    type Told = ReturnType<typeof lock>;

    /** The objects that are released where the first look and the second one show these locks. */
    async function released(first: Told[], options: Run & { second?: Told[] } = {}): Promise<string[]> {
        const objects: string[] = [];
        let looks = 0;
        answer = (method, address) => {
            if (method === "POST") {
                objects.push(...(address.searchParams.get("paths") ?? "").split(","));
                return "";
            }
            const locks = looks++ === 0 ? first : (options.second ?? first);
            return JSON.stringify(
                locks.map(({ object, owner, writer, elapsed, on, id }, index) => ({
                    time: "2026-11-25T12:31:04.564692415Z",
                    elapsed: elapsed * 1e6,
                    resource: object,
                    type: writer ? "WRITE" : "READ",
                    source: "[erasure-object.go:1264:erasureObjects.PutObject()]",
                    serverlist: on.map(hostOf),
                    owner: hostOf(owner),
                    id: id ?? `id-${object}-${owner}-${index}`,
                    quorum: 3,
                })),
            ).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
        };
        assert.equal(await run(options), 0);
        return objects.sort();
    }

    it("are released where all other servers have them, and those of others are not", async () => {
        const objects = await released([
            lock("bucket/written"),
            lock("bucket/other", { owner: "minio-2" }),
            lock("bucket/ready", { owner: "minio-10" }),
            lock(".minio.sys/leader.lock"),
        ]);
        assert.deepEqual(objects, [".minio.sys/leader.lock", "bucket/written"]);
        assert.ok(existsSync(join(folder, "slept")), "it looks once more a moment later");
    });

    const kept: [string, Told[]][] = [
        ["for reading, beside which others get theirs at any time", [lock("a/b", { writer: false })]],
        ["that another waits for", [lock("a/b"), lock("a/b", { owner: "minio-2", on: ["minio-0"] })]],
        [
            "that another has, of which it has only a part",
            [lock("a/b", { on: ["minio-0"] }), lock("a/b", { owner: "minio-2" })],
        ],
        ["that one server has not", [lock("a/b", { on: ["minio-0", "minio-2"] })]],
        ["that may be forgotten in this moment", [lock("a/b", { elapsed: 41_000 })]],
        ["that is from the future, by clocks that are apart", [lock("a/b", { elapsed: -16_000 })]],
        ["that servers of another pool have", [lock("a/b", { on: ["minio-pool-1-0", "minio-pool-1-2", "minio-2"] })]],
        [
            "that the dead server itself has, so that it lives",
            [lock("a/b", { on: ["minio-0", "minio-1", "minio-2", "minio-3"] })],
        ],
        ["of which it has two", [lock("a/b"), lock("a/b", { on: ["minio-0"] })]],
    ];
    for (const [which, locks] of kept) {
        it(`are kept, each ${which}`, async () => assert.deepEqual(await released(locks), []));
    }

    it("are kept where the second look shows another one, or that a server of this name lives", async () => {
        const locks = ["b", "c"].map((id) => lock(`a/${id}`, { id }));
        assert.deepEqual(await released(locks, { second: locks.slice(1) }), ["a/c"]);
        assert.deepEqual(await released(locks, { second: [...locks, lock("a/d")] }), []);
        const [one, other] = locks;
        assert.deepEqual(await released([{ ...one, id: "1" }, other], { second: [{ ...one, id: "2" }, other] }), []);
    });

    it("are released by a server of another pool where all of the first pool have them", async () => {
        const all = { owner: "minio-pool-1-2", on: serversOf(4) };
        const args = { expansionPools: [{}] };
        const locks = [lock("a/b", all), lock("a/c", { ...all, on: serversOf(3) }), lock("a/d", { on: serversOf(4) })];
        assert.deepEqual(await released(locks, { pod: "minio-pool-1-2", args }), ["a/b"]);
    });

    it("are all kept where locks of an object may be at two erasure sets; it only asks whether one serves", async () => {
        for (const args of [
            { replicas: 32 },
            { replicas: 16, drivesPerServer: 4 },
            { replicas: 4, drivesPerServer: 8 },
        ]) {
            const on = serversOf(args.replicas).filter((one) => one !== "minio-1");
            assert.deepEqual(await released([lock("a/b", { on })], { args }), []);
        }
        answer = () => undefined;
        assert.equal(await run({ args: { replicas: 32 } }), 22);
    });

    for (const shell of shells) {
        it(`are named as a URL names them, by ${shell}, or kept where they cannot be`, async () => {
            const named = ["a b*[c]?%", "~é世", "plain/er//", "'$(touch x)`y`'; *", "\x7f", "ÿ=ÿ"].map(
                (key) => `bucket/${key}`,
            );
            const not = ["a{b", "a,b", "a&b", 'a"b', "a\\b", "a<b", "a\tb"].map((key) => `bucket/${key}`);
            assert.deepEqual(
                await released(
                    [...named, ...not].map((key) => lock(key)),
                    { shell },
                ),
                named.sort(),
            );
            assert.deepEqual(
                await released(
                    ["bucket/a", "bucket/a{b", 'bucket/a","type":"WRITE', "bucket/a{"].map((key) =>
                        lock(key, { owner: "minio-2" }),
                    ),
                    { shell },
                ),
                [],
            );
        });
    }

    it("are only named, whatever the names would say to a shell", async () => {
        const key = `a/$(touch ${folder}/touched)\`touch ${folder}/touched\`'; touch ${folder}/touched; *`;
        assert.deepEqual(await released([lock(key)]), [key]);
        assert.ok(!existsSync(join(folder, "touched")));
    });

    it("are none where there are none, where only others have some, and where nobody answers", async () => {
        assert.deepEqual(await released([]), []);
        assert.deepEqual(await released([lock("bucket/a", { owner: "minio-2" })]), []);
        assert.ok(!existsSync(join(folder, "slept")), "it need not look again");
        answer = () => "null";
        assert.equal(await run(), 0);
        answer = () => undefined;
        assert.equal(await run(), 22);
    });

    it("are asked for by TLS where the servers have it, and the password is no argument", async () => {
        fakeProgram(folder, "curl", [`cat > ${folder}/config; echo "$*" > ${folder}/arguments; exit 7`]);
        const args = { tls: { secretName: "certificates" }, namespace: "store" };
        assert.equal(await run({ args, password: "p#:\\\"'$x\nü" }), 7);
        const text = (file: string) => readFileSync(join(folder, file), "utf8");
        assert.match(text("arguments"), / https:\/\/minio\.store\.svc/);
        assert.equal(text("config"), 'user = "admin:p#:\\\\\\"\'$x\\nü"\n');
        assert.doesNotMatch(text("arguments"), /p#/);
    });

    for (const [user, password] of [
        ["admin", 'p@ss word "1"'],
        ['q"u\\o', '\\n\\"\\\\t'],
        ["my admin", "two\nlines\tand#more'$x"],
        ["admin", "päß世:=,{}[]"],
    ]) {
        it(`are asked for with a signature that is right for ${JSON.stringify([user, password])}`, async () => {
            const seen: string[] = [];
            const wanted: Promise<string>[] = [];
            answer = (method, { pathname: path, searchParams }, headers) => {
                const [, ...parts] = /(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(`${headers["x-amz-date"]}`) ?? [];
                const [year, month, ...rest] = parts.map(Number);
                const date = new Date(Date.UTC(year, month - 1, rest[0], rest[1], rest[2], rest[3]));
                const request = {
                    method,
                    path,
                    query: Object.fromEntries(searchParams),
                    headers: { host: `${headers.host}` },
                };
                const signing = signed(request, { rootUser: user, rootPassword: password }, date);
                wanted.push(signing.then((one) => one.headers.authorization.replaceAll(", ", ",")));
                seen.push(`${headers.authorization}`.replaceAll(", ", ","));
                return "null";
            };
            assert.equal(await run({ user, password }), 0);
            assert.equal(seen.length, 1);
            assert.deepEqual(seen, await Promise.all(wanted));
        });
    }

    it("take time by their number and not by its square, and go in several requests where they are many", async () => {
        const many = (count: number) =>
            Array.from({ length: count }, (_, index) => lock(`bucket/some/folder/object-${index}`));
        const timed = async (count: number) => {
            const from = performance.now();
            const objects = await released(many(count));
            return { count: objects.length, milliseconds: performance.now() - from };
        };
        const [few, all] = [await timed(1_000), await timed(5_000)];
        assert.equal(few.count, 1_000);
        assert.ok(all.count > 1_000, `${all.count}`);
        assert.ok(all.milliseconds < 10 * few.milliseconds + 2_000, `${few.milliseconds} and ${all.milliseconds} ms`);
    });

    /**
     * The rule itself: whatever locks there are, whoever takes some and gives some back, and whatever is forgotten by itself between any
     * two steps, also between one server that is told to forget and the next.
     */
    it("are never a living server's, whatever goes on meanwhile", async () => {
        const index = fc.nat({ max: 5 });
        const order = fc.array(fc.nat(), { minLength: 6, maxLength: 6 });
        const happening: fc.Arbitrary<Happening> = fc.oneof(
            fc.record({ kind: fc.constant("ask" as const), owner: index, object: index, writer: fc.boolean(), order }),
            { weight: 6, arbitrary: fc.record({ kind: fc.constant("next" as const), attempt: index }) },
            fc.record({ kind: fc.constant("giveBack" as const), lock: index }),
            fc.record({ kind: fc.constant("pass" as const), milliseconds: fc.nat({ max: 500 }) }),
            fc.record({ kind: fc.constant("forget" as const), locker: index }),
        );
        const left = fc.record({
            everywhere: fc.boolean(),
            on: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
            writer: fc.oneof({ weight: 3, arbitrary: fc.constant(true) }, fc.constant(false)),
            age: fc.nat({ max: 70_000 }),
            unrefreshed: fc.nat({ max: 59_000 }),
        });
        const situation = fc.record({
            count: fc.integer({ min: 2, max: 6 }),
            isOfFirstPool: fc.boolean(),
            left: fc.array(fc.option(left), { minLength: 3, maxLength: 3 }),
            before: fc.array(happening, { maxLength: 40 }),
            meanwhile: fc.array(fc.array(happening, { maxLength: 8 }), { minLength: 30, maxLength: 30 }),
        });
        let releases = 0;
        await fc.assert(
            fc.asyncProperty(situation, async ({ count, isOfFirstPool, left: leftOnes, before, meanwhile }) => {
                const objects = ["bucket/a", "bucket/b", "bucket/c"];
                const dead = isOfFirstPool ? "minio-1" : "minio-pool-1-1";
                const lockers = new Lockers(serversOf(count), dead, objects);
                for (const [at, one] of leftOnes.entries()) {
                    const refreshed = lockers.now - Math.min(one?.unrefreshed ?? 0, one?.age ?? 0);
                    const taken = { id: `left-${at}`, object: objects[at], owner: dead, refreshed };
                    for (const locker of lockers.servers.keys()) {
                        if (one && (one.everywhere || one.on[locker])) {
                            lockers.put(locker, { ...taken, writer: one.writer, at: lockers.now - one.age });
                        }
                    }
                }
                const happen = (some: Happening[] = []) => {
                    for (const one of some) {
                        lockers.happen(one);
                    }
                };
                happen(before);
                const coming = [...meanwhile];
                answer = (method, address) => {
                    happen(coming.shift());
                    if (method === "GET") {
                        const told = lockers.answer(hostOf);
                        happen(coming.shift());
                        return told;
                    }
                    for (const object of (address.searchParams.get("paths") ?? "").split(",")) {
                        for (const locker of lockers.servers.keys()) {
                            const forgotten = lockers.forceUnlock(locker, object);
                            const others = forgotten.filter(({ owner }) => owner !== dead);
                            assert.deepEqual(others, [], "a living server's lock is released");
                            releases += forgotten.length;
                            happen(coming.shift());
                        }
                    }
                    return "";
                };
                const failures: unknown[] = [];
                const inner = answer;
                answer = (...asked) => {
                    try {
                        return inner(...asked);
                    } catch (error) {
                        failures.push(error);
                        return "";
                    }
                };
                const args = { replicas: count, expansionPools: isOfFirstPool ? undefined : [{ replicas: count }] };
                assert.equal(await run({ pod: dead, args }), 0);
                assert.deepEqual(failures, []);
            }),
            { numRuns: Number(process.env.LOCK_RUNS ?? 60) },
        );
        assert.ok(releases > 0, "nothing was released at all");
    }).timeout(120_000);
});
