/**
 * The pods' shell: the files of scripts/, as they are. No value is written into one: each is told by variables
 * (parameters.ts) or arguments what it must know. A changed byte in what a pod template has restarts every server of
 * every user.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** These files, one after another: those before define functions for the last one. */
export function script(...names: string[]): string {
    return names.map((name) => readFileSync(join(__dirname, "scripts", `${name}.sh`), "utf8")).join("\n");
}

/**
 * The first process of the server's container. Its arguments are the server's. It outlives a server that is ended by
 * `stopScript`; any other end, and a signal, it passes on.
 *
 * A container ends with its first process, and the pod's network soon after. And what is ended while Kubernetes is
 * about to end it itself may confuse the container runtime (tried with containerd 1.6: every tenth pod stayed for the
 * whole grace period).
 *
 * Before its server starts, it makes the others forget the locks that it had if it has crashed; see `stopScript`. It
 * asks some times. The first may be missed because the Service still leads to this very server, which has just crashed
 * (tried: for more than 0.9 s, and then one of four attempts). The last may not come before 2.5 s: for so long servers
 * that start together leave DNS alone. A pod's name is known about a second after its container has started, and
 * whoever asks before gets, with everybody else, the answer that there is no such name for 5 s more (the `ttl` of
 * CoreDNS's plugin `kubernetes`, by which its cache goes; tried: of a restart's gap of 10 s, five).
 *
 * Where no other serves, all have waited by then until their names are known. If they have been used before, one starts
 * last, once the others listen; they give access to their drives by then: see lastToStart.ts. It takes all requests
 * until the others, which miss some drives, have looked for them again, after 15 s (`monitorAndConnectEndpoints` in
 * `cmd/erasure-sets.go`).
 */
export const startScript = script("curl", "locks", "start");

/**
 * Ends a server at a moment at which no request is under way on it, if there is one, and in that moment.
 *
 * Clients keep their connections to a server that was taken out of the Services, and MinIO does not drain: a signal to
 * end makes it cancel the requests that are under way (`handleSignals` in `cmd/signals.go`), but only when it has saved
 * what it has to heal, and for that tenth of a second it takes more. What is cut there costs more than a connection
 * that breaks. It is answered with 499, which SDKs do not try again; and a write that is cut while it is committed
 * leaves its lock with the other servers for a minute (`lockValidityDuration` in `cmd/lock-rest-server.go`), for which
 * the same write, tried again, waits (tried: 60 to 70 s, or a time-out, in 1 of 20 restarts). So it gets the signal
 * that ends it at once. What was acknowledged is on the drives either way. What it had to heal is left to the scanner
 * and to reads, as is most of it otherwise: MinIO tries each object once, a second later.
 *
 * Where no object can be read any more, as when all restart together, it ends without delay: there is nothing to drain.
 *
 * Where a snapshot has the cluster frozen, it is thawed first: nobody would hear of the end of a server that holds all
 * requests.
 *
 * A MinIO before 2024 does not tell what is under way, nor does an image without curl find out: the server then ends
 * when the time is over. A request with the header `X-Amz-Meta-Minio-Object-Perf` is answered at once, with the number
 * of those under way (`maxClients` in `cmd/handler-api.go`). A request gives its lock back some milliseconds after its
 * answer (`Unlock` in `internal/dsync/drwmutex.go`), so several answers in a row must say that none is under way.
 *
 * Where processors are busy, an answer is read some milliseconds late, and requests begin meanwhile. A write that is
 * cut in its first milliseconds leaves a lock for reading, which nobody may release; the same write, tried again, waits
 * a minute for it. So the server is stopped (SIGSTOP) at such a moment. It ends when all that it said until it was
 * stopped was calm, too; otherwise it goes on. What is not known is then what came after its last answer, a millisecond
 * before. `make bench-endings` measures what is left.
 *
 * The pod's network then outlives its server. Peers and clients that still send to it are refused at once; an address
 * that is gone answers nothing, and they would wait for time-outs (measured: a read gap of 26 s).
 *
 * **Locks.** The other servers keep the locks that the dead one still had for one to two minutes (`lockMaintenance` in
 * `cmd/lock-rest-server.go`), and so long whoever wants the same object waits. It may be any object: a server locks not
 * only what clients write, but also what it heals, and it heals what reads find incomplete, as they do all the time
 * while servers restart one after another (`healObject` in `cmd/erasure-healing.go`; tried: two reads of 46,000 waited
 * for 50 and 60 s).
 *
 * MinIO's only way is to make each server of the first pool forget all locks on an object, whosever they are
 * (`ForceUnlockHandler` in `cmd/admin-handlers.go`). So **a lock is released only where the dead server has it, for
 * writing, on every server that can give one for this object, and nobody else has any.** Then each server that is told
 * to forget finds the dead one's lock or none: as long as it is there, the server gives the object to nobody else,
 * whatever goes on between the look and the release. In particular:
 * - Never one for reading: others get theirs beside it at any time.
 * - Never one that a server has not: it may give its own meanwhile. So all servers of the first pool have it but the
 *   dead one.
 * - Never where the first pool has several erasure sets: locks of one object may then be at two sets (`NewNSLock` in
 *   `cmd/erasure-sets.go` and `cmd/erasure-object.go`), and a server with drives in two is told twice.
 * - Never one that may be forgotten by itself in this moment, a minute after its server last refreshed it.
 * - Two looks must show it. If this server has locks in the second that it had not in the first, or answers for others'
 *   locks, one of its name lives, as after a pod was deleted by force; nothing is released then.
 *
 * Left are those on keys with `,`, `{`, `"`, `\`, `<`, `>` or `&`, too, which cannot be named or read here.
 *
 * It asks whichever server the Service leads to. Where none serves, nobody waits either. Its time grows with the number
 * of locks, and not faster. What an image has to have for it is sort and uniq, beside curl.
 */
export const stopScript = script("curl", "locks", "stop");

/**
 * Succeeds once the server may get requests. It need not settle on the first start of a cluster: nothing was written
 * yet, and MinIO formats its drives only when it reaches them all. It must when all servers restart together, too: as
 * they do not start in the same instant, each misses some drives, and answers that objects do not exist which do
 * (tried: 8 reads of 866, and 300 writes refused).
 *
 * A server starts with the drives that it reaches at that moment, and looks for the others only after 15 s
 * (`monitorAndConnectEndpoints` in `cmd/erasure-sets.go`); its health endpoints do not tell. Its own drive lacks what
 * was written while it was away, and with one other drive it answers that there is no such object (tried: 19 reads of
 * 1,985).
 *
 * The one that starts last then need not, as it reaches enough of the others' drives by itself, started or not: see
 * lastToStart.ts. It waits until objects can be written, not until all have started (`maintenance=true`; tried: one of
 * 15 times, one takes 7 s longer).
 *
 * An image without curl does not settle.
 */
export const readyScript = script("curl", "ready");

/**
 * Arms the dead man's switch in a pod: see snapshots/freeze.ts. `$1` is the time, `$2` what curl is told; it says its
 * process.
 */
export const armScript = script("arm");

/** Takes the switch off whose process is `$1`. */
export const disarmScript = script("disarm");

/** Writes the drives `$@` to their storage. It says `missing` where the image lacks what it takes. */
export const flushScript = script("flush");
