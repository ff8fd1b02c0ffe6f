/**
 * Whether each server can do without another one, by the drives that it reaches itself. Pure.
 *
 * A server that comes back is soon reached by what its peers ask of each other. But each peer reads and writes objects by an HTTP client
 * for each drive, which has marked the drive offline, and tries again at random and ever more rarely, after up to 30 s
 * (`runHealthCheck` in `internal/rest/client.go`; measured: 5 to 30 s after the drive was gone). So long it finds no object that
 * it could read from that drive only, says `NoSuchKey`, and no SDK asks again. An object lacks a copy wherever a server was away while it
 * was written; with the next server away, the drive that is not reached yet may be the one that is needed.
 */
import { element } from "../basics/element";
import type { ReachedDrive } from "../live/reachedDrives";
import type { ServerState } from "./plan";

export interface View {
    server: ServerState;
    /** A text says why the server cannot be asked. */
    reached: ReachedDrive[] | string;
}

const keyOf = ({ host, path }: ReachedDrive) => `${host}${path}`;
const podOf = ({ host }: ReachedDrive) => element(host.split("."), 0);

/** Why a server may not stop yet. */
export interface Unreached {
    reason: string;
    /** By whose view. */
    viewer: ServerState;
}

/**
 * Why a server may not stop yet; undefined where nothing speaks against it.
 *
 * A drive that nobody reaches has failed, and is not waited for; unless its server has just started.
 *
 * @param pool all servers of its pool
 * @param views of all servers that serve, of whatever pool
 */
export function unreachedWithout(server: ServerState, pool: ServerState[], views: View[]): Unreached | undefined {
    const known = new Map<string, Map<string, ReachedDrive>>();
    for (const drive of views.flatMap(({ reached }) => (typeof reached === "string" ? [] : reached))) {
        const drives = known.get(podOf(drive)) ?? new Map<string, ReachedDrive>();
        known.set(podOf(drive), drives.set(keyOf(drive), drive));
    }
    const countOf = ({ name }: ServerState) => known.get(name)?.size ?? 0;
    const most = Math.max(0, ...pool.map(countOf));
    const others = pool.filter((other) => other !== server && other.uid !== undefined && !other.terminating);
    for (const { server: viewer, reached } of views.filter((view) => view.server !== server)) {
        if (typeof reached === "string") {
            const fresh = [viewer, ...others].find(({ longUp }) => !longUp);
            if (fresh) {
                const reason = `${viewer.name} does not tell whether it reaches the drives of ${fresh.name}: ${reached}`;
                return { reason, viewer };
            }
            continue;
        }
        const own = new Set(reached.map(keyOf));
        for (const other of others) {
            const missed = [...(known.get(other.name)?.values() ?? [])].find((drive) => !own.has(keyOf(drive)));
            if (missed) {
                return { reason: `${viewer.name} does not reach ${missed.path} of ${other.name} yet`, viewer };
            }
            if (countOf(other) < most && !other.longUp) {
                return { reason: `nobody reaches all drives of ${other.name} yet`, viewer };
            }
        }
    }
    return undefined;
}
