/** MinIO's servers as lockers, by the rules of `internal/dsync/drwmutex.go` and `cmd/local-locker.go` of RELEASE.2025-09-07. */

export interface Lock {
    id: string;
    object: string;
    /** The server, by its name. */
    owner: string;
    writer: boolean;
    /** When it was taken, and refreshed last, in milliseconds. */
    at: number;
    refreshed: number;
}

/** A lock that a living server asks for: at one locker after another, in any order. */
interface Attempt {
    lock: Lock;
    left: number[];
    granted: number;
}

/** What goes on by itself, between any two steps of what is tried. */
export type Happening =
    | { kind: "ask"; owner: number; object: number; writer: boolean; order: number[] }
    | { kind: "next"; attempt: number }
    | { kind: "giveBack"; lock: number }
    | { kind: "pass"; milliseconds: number }
    | { kind: "forget"; locker: number };

/** So long after its last refresh a lock is forgotten, at the latest two minutes after, in milliseconds. */
const validity = 60_000;

export class Lockers {
    now = 1_000_000;
    /** Of each locker, by the object. */
    private readonly tables: Map<string, Lock[]>[];
    private readonly attempts: Attempt[] = [];
    private readonly held: Lock[] = [];
    private asked = 0;

    /**
     * @param servers of the first pool, by their names
     * @param dead the server whose locks are left; it may be of another pool
     */
    constructor(
        readonly servers: string[],
        readonly dead: string,
        private readonly objects: string[],
    ) {
        this.tables = servers.map(() => new Map());
    }

    isAlive(locker: number): boolean {
        return this.servers[locker] !== this.dead;
    }

    put(locker: number, lock: Lock): boolean {
        const table = this.tables[locker];
        const there = table.get(lock.object) ?? [];
        if (!this.isAlive(locker) || (there.length > 0 && (lock.writer || there.some(({ writer }) => writer)))) {
            return false;
        }
        table.set(lock.object, [...there, lock]);
        return true;
    }

    /** Forgets all locks of an object at one locker, whosever they are, and tells which those were. */
    forceUnlock(locker: number, object: string): Lock[] {
        const forgotten = this.isAlive(locker) ? (this.tables[locker].get(object) ?? []) : [];
        this.tables[locker].delete(object);
        return forgotten;
    }

    happen(one: Happening): void {
        const pick = <T>(list: T[], index: number) => list[index % list.length] as T | undefined;
        const living = this.servers.filter((_, locker) => this.isAlive(locker));
        if (one.kind === "pass") {
            this.now += one.milliseconds;
        }
        if (one.kind === "forget") {
            const table = this.tables[one.locker % this.servers.length];
            for (const [object, locks] of table) {
                const valid = locks.filter(
                    ({ owner, refreshed }) => owner !== this.dead || this.now - refreshed <= validity,
                );
                table.set(object, valid);
            }
        }
        const owner = one.kind === "ask" ? pick(living, one.owner) : undefined;
        const object = one.kind === "ask" ? pick(this.objects, one.object) : undefined;
        if (one.kind === "ask" && owner && object) {
            const lock = {
                id: `id-${++this.asked}`,
                object,
                owner,
                writer: one.writer,
                at: this.now,
                refreshed: this.now,
            };
            const order = this.servers.map((_, locker) => locker).sort((a, b) => one.order[a] - one.order[b]);
            this.attempts.push({ lock, left: order, granted: 0 });
        }
        const attempt = one.kind === "next" ? pick(this.attempts, one.attempt) : undefined;
        if (attempt) {
            this.next(attempt);
        }
        const lock = one.kind === "giveBack" ? pick(this.held, one.lock) : undefined;
        if (lock) {
            this.held.splice(this.held.indexOf(lock), 1);
            this.giveBack(lock);
        }
    }

    private next(attempt: Attempt): void {
        const locker = attempt.left.pop();
        if (locker !== undefined && this.put(locker, attempt.lock)) {
            attempt.granted++;
        }
        if (attempt.left.length === 0) {
            this.attempts.splice(this.attempts.indexOf(attempt), 1);
            const tolerance = Math.floor(this.servers.length / 2);
            const least = this.servers.length - tolerance;
            const quorum = attempt.lock.writer && least === tolerance ? least + 1 : least;
            if (attempt.granted >= quorum) {
                this.held.push(attempt.lock);
            } else {
                this.giveBack(attempt.lock);
            }
        }
    }

    private giveBack({ id, object }: Lock): void {
        for (const table of this.tables) {
            table.set(object, table.get(object)?.filter((lock) => lock.id !== id) ?? []);
        }
    }

    /** The answer to `top/locks?stale=true`, as Go writes it: without spaces, and with these characters escaped. */
    answer(hostOf: (server: string) => string): string {
        const entries = new Map<string, { serverlist: string[] }>();
        for (const [locker, table] of this.tables.entries()) {
            for (const { id, object, owner, writer, at } of this.isAlive(locker) ? [...table.values()].flat() : []) {
                const entry = entries.get(`${object}/${id}`) ?? {
                    time: "2026-11-25T12:31:04.564692415Z",
                    elapsed: (this.now - at) * 1e6,
                    resource: object,
                    type: writer ? "WRITE" : "READ",
                    source: "[erasure-healing.go:323:erasureObjects.healObject()]",
                    serverlist: [] as string[],
                    owner: hostOf(owner),
                    id,
                    quorum: 3,
                };
                entry.serverlist.push(hostOf(this.servers[locker]));
                entries.set(`${object}/${id}`, entry);
            }
        }
        return JSON.stringify(entries.size > 0 ? [...entries.values()] : null).replace(
            /[<>&]/g,
            (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
        );
    }
}
