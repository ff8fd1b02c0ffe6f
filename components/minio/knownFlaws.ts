/**
 * The public flaws of the server, by release, and which of them an image has as far as its name tells. Pure, and without imports:
 * the policy pack has it too.
 *
 * A flaw stands here when the server's makers published it, with what they wrote as its source. Flaws of libraries and of other
 * systems than Linux do not. Older advisories than those of 2023 are left out: who has them has the first one below.
 */

/** A time that orders the releases of a server, such as `2025-09-07T16-13-09Z`. */
type Release = string;

/** Of which releases: from `since` on, or all; until `fixed`, which has the flaw no more, or all that there are. */
interface Range {
    since?: Release;
    fixed?: Release;
}

export interface Flaw {
    id: string;
    /** Who can do what. */
    effect: string;
    source: string;
    /** In the official releases. Absent: not there, or its makers do not say so. */
    minio?: Range;
    /** In Silo's. */
    silo?: Range;
}

/** What an image is known to have. */
export interface FlawedImage {
    /** Such as `RELEASE.2025-09-07T16-13-09Z`. */
    release: string;
    server: "MinIO" | "Silo";
    /** The worst first; all are fixed in a later release of Silo. */
    flaws: Flaw[];
    /** Others built the image, or it is a hotfix: it may have fixes that its release has not. */
    mayBePatched: boolean;
}

const advisory = (id: string) => `https://github.com/minio/minio/security/advisories/${id}`;
const ledger = (id: string) => `https://silo.pgsty.com/about/security-advisories/#${id}`;

/** The last official release. It is of source only: the last image is RELEASE.2025-09-07T16-13-09Z. */
const lastOfMinio: Release = "2025-10-15T17-29-55Z";

/** Every release of Silo, called pgsty/minio until August 2026 (https://silo.pgsty.com/blog/release/). */
const releasesOfSilo: Release[] = [
    "2025-12-03T12-00-00Z",
    "2026-02-14T12-00-00Z",
    "2026-03-14T12-00-00Z",
    "2026-03-21T00-00-00Z",
    "2026-03-25T00-00-00Z",
    "2026-04-17T00-00-00Z",
    "2026-06-18T00-00-00Z",
    "2026-08-04T00-00-00Z",
    "2026-08-06T00-00-00Z",
    "2026-09-03T13-18-01Z",
    "2026-09-16T00-00-00Z",
];

/**
 * The worst first, by what it takes and what it gives on a distributed cluster as this component makes it, rather than by scores,
 * which count a flaw of OpenID Connect as if everybody had it.
 */
export const knownFlaws: Flaw[] = [
    {
        id: "CVE-2023-28432",
        effect: "anyone who reaches the servers can read the root password",
        source: advisory("GHSA-6xvq-wj2x-3h3q"),
        minio: { since: "2019-12-17T23-16-33Z", fixed: "2023-03-20T20-16-18Z" },
    },
    {
        id: "CVE-2026-41145",
        effect: "whoever knows an access key, which every presigned URL shows, can write objects without its secret key",
        source: advisory("GHSA-hv4r-mvr4-25vw"),
        minio: { since: "2023-05-18T00-05-36Z" },
        silo: { fixed: "2026-04-17T00-00-00Z" },
    },
    {
        id: "CVE-2026-40344",
        effect: "whoever knows an access key can write objects without its secret key, by an archive that is unpacked",
        source: advisory("GHSA-9c4q-hq6p-c237"),
        minio: { since: "2023-05-18T00-05-36Z" },
        silo: { fixed: "2026-04-17T00-00-00Z" },
    },
    {
        id: "CVE-2025-31489",
        effect: "whoever knows an access key can write objects with any signature",
        source: advisory("GHSA-wg47-6jq2-q2hh"),
        minio: { since: "2023-05-18T00-05-36Z", fixed: "2025-04-03T14-56-28Z" },
    },
    {
        id: "CVE-2026-33322",
        effect: "with OpenID Connect, whoever knows the client's secret can be any user",
        source: advisory("GHSA-5cx5-wh4m-82fh"),
        minio: { since: "2022-11-08T05-27-07Z" },
        silo: { fixed: "2026-04-17T00-00-00Z" },
    },
    {
        id: "CVE-2024-24747",
        effect: "an access key that is meant for objects can give itself all rights of its user",
        source: advisory("GHSA-xx8w-mq23-29g4"),
        minio: { fixed: "2024-01-31T20-20-33Z" },
    },
    {
        id: "CVE-2024-55949",
        effect: "a user can become an administrator by importing settings of users and policies",
        source: advisory("GHSA-cwq8-g58r-32hg"),
        minio: { since: "2022-06-25T15-50-16Z", fixed: "2024-12-13T22-19-12Z" },
    },
    {
        id: "CVE-2023-28434",
        effect: "a user of the console with all rights on objects can become an administrator",
        source: advisory("GHSA-2pxw-r47w-4p8c"),
        minio: { fixed: "2023-03-20T20-16-18Z" },
    },
    {
        id: "CVE-2025-62506",
        effect: "an account with a restricted policy can make itself one without the restriction",
        source: advisory("GHSA-jjjj-jwhf-8rgr"),
        minio: { fixed: "2025-10-15T17-29-55Z" },
    },
    {
        id: "SN-2026-011",
        effect: "whoever holds a presigned URL for an upload can copy any object that its signer can read",
        source: ledger("sn-2026-011"),
        minio: {},
        silo: { fixed: "2026-09-16T00-00-00Z" },
    },
    {
        id: "SN-2026-015",
        effect: "any user can take a GOVERNANCE lock off an object, or put a COMPLIANCE lock on it, in buckets with object lock",
        source: "https://silo.pgsty.com/blog/security/20260926-governance-retention-bypass/",
        minio: { since: "2025-04-03T14-56-28Z" },
        silo: {},
    },
    {
        id: "CVE-2026-33419",
        effect: "with LDAP, anyone can find out users' names and guess passwords without a limit",
        source: advisory("GHSA-jv87-32hw-hh99"),
        minio: {},
        silo: { fixed: "2026-06-18T00-00-00Z" },
    },
    {
        id: "CVE-2026-34204",
        effect: "a user who may write can make objects unreadable for ever",
        source: advisory("GHSA-3rh2-v3gr-35p9"),
        minio: { since: "2024-03-30T09-41-56Z" },
        silo: { fixed: "2026-04-17T00-00-00Z" },
    },
    {
        id: "SN-2026-008",
        effect: "a user can forge what a replica of an object brings with it: its time, its ETag, its checksums",
        source: ledger("sn-2026-008"),
        minio: {},
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "CVE-2026-39414",
        effect: "a user of S3 Select can exhaust a server's memory",
        source: advisory("GHSA-h749-fxx7-pwpg"),
        minio: { since: "2018-08-18T03-49-57Z" },
        silo: { fixed: "2026-06-18T00-00-00Z" },
    },
    {
        id: "SN-2026-004",
        effect: "a user with a policy for all objects of a bucket can change the bucket's own policy, or delete it",
        source: ledger("sn-2026-004"),
        minio: {},
        silo: { fixed: "2026-08-04T00-00-00Z" },
    },
    {
        id: "SN-2026-003",
        effect: "a user can forge values that the conditions of a policy ask for",
        source: ledger("sn-2026-003"),
        silo: { fixed: "2026-08-04T00-00-00Z" },
    },
    {
        id: "SN-2026-012",
        effect: "whoever holds a presigned URL for one body can send another",
        source: ledger("sn-2026-012"),
        silo: { fixed: "2026-09-16T00-00-00Z" },
    },
    {
        id: "SN-2026-013",
        effect: "users and rights that were taken away can come back",
        source: ledger("sn-2026-013"),
        silo: { fixed: "2026-09-16T00-00-00Z" },
    },
    {
        id: "SN-2026-014",
        effect: "anyone who reaches the console can read what the servers tell without a login, such as public metrics",
        source: ledger("sn-2026-014"),
        silo: { fixed: "2026-09-16T00-00-00Z" },
    },
    {
        id: "SN-2026-010",
        effect: "a user who may delete objects can delete their old versions too",
        source: ledger("sn-2026-010"),
        minio: {},
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "CVE-2023-25812",
        effect: "a user whom a policy denies it can delete objects with a GOVERNANCE lock",
        source: advisory("GHSA-c8fc-mjj8-fc63"),
        minio: { since: "2020-04-10T03-34-42Z", fixed: "2023-02-17T17-52-43Z" },
    },
    {
        id: "CVE-2025-27414",
        effect: "with SFTP and LDAP, a user can log in by a key that nobody trusts",
        source: advisory("GHSA-wc79-7x8x-2p58"),
        minio: { since: "2024-06-06T09-36-42Z", fixed: "2025-02-28T09-55-16Z" },
    },
    {
        id: "CVE-2024-36107",
        effect: "anyone can find out when an object was changed",
        source: advisory("GHSA-95fr-cm4m-q5p9"),
        minio: { since: "2022-10-02T19-29-29Z", fixed: "2024-05-27T19-17-46Z" },
    },
    {
        id: "SN-2026-006",
        effect: "a reader can read and copy an empty object that is encrypted by a client's key, without that key",
        source: ledger("sn-2026-006"),
        minio: {},
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "SN-2026-007",
        effect: "a reader can read the attributes of an object that is encrypted by a client's key, without that key",
        source: ledger("sn-2026-007"),
        minio: {},
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "SN-2026-009",
        effect: "an administrator who may only enable users can disable them",
        source: ledger("sn-2026-009"),
        minio: {},
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "SN-2026-005",
        effect: "a policy that names no whole resource is taken, and denies nothing",
        source: ledger("sn-2026-005"),
        silo: { fixed: "2026-09-03T13-18-01Z" },
    },
    {
        id: "CVE-2023-27589",
        effect: "an administrator can lock the root user out",
        source: advisory("GHSA-9wfv-wmf7-6753"),
        minio: { since: "2020-12-23T02-24-12Z", fixed: "2023-03-13T19-46-17Z" },
    },
    {
        id: "CVE-2026-42600",
        effect: "whoever has the root credentials can read a server's files outside of its drives",
        source: advisory("GHSA-xh8f-g2qw-gcm7"),
        minio: { since: "2022-07-24T01-54-52Z" },
        silo: { fixed: "2026-06-18T00-00-00Z" },
    },
    {
        id: "SN-2026-002",
        effect: "whoever has the root credentials can reach a server's files outside of its drives, or end it",
        source: ledger("sn-2026-002"),
        silo: { fixed: "2026-08-04T00-00-00Z" },
    },
];

/**
 * What an image is known to have; undefined when nothing is known, which does not say that there is nothing.
 *
 * Only flaws that a later release of Silo has fixed are told: of the others no choice of an image frees a cluster.
 */
export function flawsOf(image: string): FlawedImage | undefined {
    const { repository, tag } = partsOf(image);
    const [, time, suffix] = /^RELEASE\.(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)([.-].*)?$/i.exec(tag) ?? [];
    const release = time?.toUpperCase();
    const server = release && serverOf(repository, release);
    if (!server) {
        return undefined;
    }
    const range = server === "Silo" ? "silo" : "minio";
    const flaws = knownFlaws.filter(
        (flaw) => isIn(release, flaw[range]) && (flaw.silo === undefined || flaw.silo.fixed),
    );
    return flaws.length === 0
        ? undefined
        : {
              release: `RELEASE.${release}`,
              server,
              flaws,
              mayBePatched: !isOwn(repository) || /^\.hotfix/i.test(suffix ?? ""),
          };
}

/** An image's repository with its registry, and its tag; the digest does not tell what is in it. */
export function partsOf(image: string): { repository: string; tag: string } {
    const [name = ""] = image.split("@");
    const [, path = "", tag = ""] = /^(.*?)(?::([^:/]*))?$/s.exec(name) ?? ["", name];
    const [first = ""] = path.split("/");
    const hasRegistry = path.includes("/") && (/[.:]/.test(first) || first === "localhost");
    const repository = (hasRegistry ? path : `docker.io/${path}`).toLowerCase();
    return { repository: repository.replace(/^(index|registry-1)\.docker\.io\//, "docker.io/"), tag };
}

/**
 * Whose release it is. A mirror is known by the release: at that time only one of the two made any. Others that count their releases
 * in the same way, AIStor and Chainguard, have fixes of their own.
 */
function serverOf(repository: string, release: Release): "MinIO" | "Silo" | undefined {
    if (/aistor|chainguard|^cgr\.dev\//.test(repository)) {
        return undefined;
    }
    if (/\/pgsty\/(silo|minio)$/.test(repository) || releasesOfSilo.includes(release)) {
        return "Silo";
    }
    return release <= lastOfMinio ? "MinIO" : undefined;
}

/** By its makers' own name, at whatever registry, so that it is taken for their build. */
function isOwn(repository: string): boolean {
    return /\/(minio\/minio|pgsty\/silo|pgsty\/minio)$/.test(repository);
}

function isIn(release: Release, range: Range | undefined): boolean {
    const { since, fixed } = range ?? {};
    return range !== undefined && (!since || release >= since) && (!fixed || release < fixed);
}
