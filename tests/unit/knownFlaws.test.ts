import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { flawsOf, knownFlaws, partsOf } from "../../components/minio/knownFlaws";
import { defaultImage } from "../../components/spec/spec";
import { security, securityFile } from "../../docs/generate";

const ids = (image: string) => flawsOf(image)?.flaws.map(({ id }) => id) ?? [];
const lastImage = "RELEASE.2025-09-07T16-13-09Z";

const twoDigits = (least: number, most: number) =>
    fc.integer({ min: least, max: most }).map((number) => String(number).padStart(2, "0"));
const releases = fc
    .tuple(fc.integer({ min: 2016, max: 2027 }), twoDigits(1, 12), twoDigits(1, 28), twoDigits(0, 23), twoDigits(0, 59))
    .map(([year, month, day, hour, minute]) => `RELEASE.${year}-${month}-${day}T${hour}-${minute}-00Z`);
const digest = `@sha256:${"0".repeat(64)}`;

describe("the known flaws of the server", () => {
    it("are each named once, with a source, and in some release", () => {
        assert.equal(new Set(knownFlaws.map(({ id }) => id)).size, knownFlaws.length);
        const release = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/;
        for (const { id, source, effect, minio, silo } of knownFlaws) {
            assert.match(id, /^(CVE|SN)-\d{4}-\d+$/);
            assert.match(source, /^https:\/\/(github\.com\/minio\/minio\/security|silo\.pgsty\.com)\//);
            assert.match(effect, /^[a-z].*[a-z]$/);
            assert.ok(minio ?? silo, id);
            for (const range of [minio, silo]) {
                assert.ok(
                    [range?.since, range?.fixed].every((time) => time === undefined || release.test(time)),
                    id,
                );
                assert.ok(!range?.since || !range.fixed || range.since < range.fixed, id);
            }
        }
    });

    it("finds none in the default image", () => assert.equal(flawsOf(defaultImage), undefined));

    it("finds those of the last official image, the worst first", () => {
        const { release, server, flaws, mayBePatched } = flawsOf(`quay.io/minio/minio:${lastImage}`) ?? {};
        assert.deepEqual([release, server, mayBePatched], [lastImage, "MinIO", false]);
        assert.equal(flaws?.[0].id, "CVE-2026-41145");
        assert.deepEqual(
            flaws
                .map(({ id }) => id)
                .filter((id) => id.startsWith("CVE"))
                .sort(),
            [
                "CVE-2025-62506",
                "CVE-2026-33322",
                "CVE-2026-33419",
                "CVE-2026-34204",
                "CVE-2026-39414",
                "CVE-2026-40344",
                "CVE-2026-41145",
                "CVE-2026-42600",
            ],
        );
    });

    const found: [image: string, worst: string, count: number][] = [
        ["minio/minio:RELEASE.2025-10-15T17-29-55Z", "CVE-2026-41145", 14],
        ["quay.io/minio/minio:RELEASE.2023-03-13T19-46-17Z", "CVE-2023-28432", 17],
        ["docker.io/pgsty/minio:RELEASE.2025-12-03T12-00-00Z", "CVE-2026-41145", 20],
        ["docker.io/pgsty/minio:RELEASE.2026-04-17T00-00-00Z", "SN-2026-011", 16],
        ["docker.io/pgsty/minio:RELEASE.2026-08-04T00-00-00Z", "SN-2026-011", 10],
        ["docker.io/pgsty/silo:RELEASE.2026-09-03T13-18-01Z-distroless", "SN-2026-011", 4],
        ["registry.example.org/mirror/silo:RELEASE.2026-09-03T13-18-01Z", "SN-2026-011", 4],
    ];
    for (const [image, worst, count] of found) {
        it(`finds ${count} in ${image}, ${worst} first`, () => {
            assert.deepEqual([ids(image)[0], ids(image).length], [worst, count]);
        });
    }

    for (const image of [
        "docker.io/pgsty/silo:RELEASE.2026-09-16T00-00-00Z",
        "registry.example.org/mirror/silo:RELEASE.2026-09-16T00-00-00Z",
        "docker.io/pgsty/silo:RELEASE.2027-01-01T00-00-00Z",
    ]) {
        it(`finds none in ${image}`, () => assert.equal(flawsOf(image), undefined));
    }

    it("says nothing of an image whose release it does not know", () => {
        for (const image of [
            "minio",
            `quay.io/minio/minio${digest}`,
            "quay.io/minio/minio:latest",
            "cgr.dev/chainguard/minio:latest",
            "cgr.dev/example.org/minio:RELEASE.2025-10-15T17-29-55Z",
            "quay.io/minio/aistor/minio:RELEASE.2026-03-17T21-25-16Z",
            "registry.example.org/minio:RELEASE.2026-09-22T19-25-18Z",
            "bitnamilegacy/minio:2025.7.23",
            "registry.example.org/minio:RELEASE.1",
            `registry.example.org/minio:${lastImage}x`,
        ]) {
            assert.equal(flawsOf(image), undefined, image);
        }
    });

    it("goes by the release, wherever an image is mirrored, and whatever stands behind it", () => {
        const official = ids(`quay.io/minio/minio:${lastImage}`);
        const registries = fc.constantFrom(
            "",
            "localhost/",
            "localhost:5000/",
            "registry.example.org:5000/",
            "ghcr.io/",
        );
        const paths = fc.constantFrom("minio", "minio/minio", "mirror/minio/minio", "team/object-store");
        const suffixes = fc.constantFrom("", "-cpuv1", "-hardened", ".fips", ".hotfix.7aa24e772", "-r3");
        fc.assert(
            fc.property(registries, paths, suffixes, fc.constantFrom("", digest), (registry, path, suffix, end) => {
                assert.deepEqual(ids(`${registry}${path}:${lastImage}${suffix}${end}`), official);
                assert.deepEqual(ids(`${registry}${path}:${lastImage.toLowerCase()}${suffix}${end}`), official);
            }),
        );
    });

    it("does not say of what others have built, or of a hotfix, that it is not mended", () => {
        const mayBePatched = (image: string) => flawsOf(image)?.mayBePatched;
        assert.equal(mayBePatched(`registry.example.org/mirror/minio/minio:${lastImage}-cpuv1`), false);
        assert.equal(mayBePatched("docker.io/pgsty/minio:RELEASE.2026-08-04T00-00-00Z"), false);
        assert.equal(mayBePatched(`quay.io/minio/minio:${lastImage}.hotfix.7aa24e772`), true);
        assert.equal(mayBePatched(`docker.io/alpine/minio:${lastImage}`), true);
        assert.equal(mayBePatched("registry.example.org/mirror/silo:RELEASE.2026-09-03T13-18-01Z"), true);
    });

    it("finds in a later release of Silo none that an earlier one has not", () => {
        fc.assert(
            fc.property(releases, releases, (one, other) => {
                const [earlier, later] = [one, other].sort().map((release) => ids(`pgsty/silo:${release}`));
                assert.ok(later.every((id) => earlier.includes(id)));
            }),
        );
    });

    it("finds none before it came, none after it went, and none that no release of Silo has mended", () => {
        fc.assert(
            fc.property(releases, (release) => {
                for (const { minio, silo } of flawsOf(`minio/minio:${release}`)?.flaws ?? []) {
                    const time = release.replace("RELEASE.", "");
                    assert.ok(minio && time >= (minio.since ?? "") && time < (minio.fixed ?? "9"));
                    assert.ok(!silo || silo.fixed);
                }
            }),
        );
    });

    it("does not crash on any image", () => {
        const parts = fc.constantFrom(
            "minio",
            "/",
            ":",
            "@",
            ".",
            "\n",
            lastImage,
            "sha256:",
            "pgsty/silo",
            "RELEASE.",
        );
        fc.assert(
            fc.property(
                fc.oneof(
                    fc.string(),
                    fc.array(parts).map((all) => all.join("")),
                ),
                (image) => void flawsOf(image),
            ),
        );
    });

    it("reads an image's repository and tag", () => {
        const read = (image: string) => Object.values(partsOf(image));
        assert.deepEqual(read("minio/minio"), ["docker.io/minio/minio", ""]);
        assert.deepEqual(read("index.docker.io/minio/minio:latest"), ["docker.io/minio/minio", "latest"]);
        assert.deepEqual(read(`localhost:5000/minio${digest}`), ["localhost:5000/minio", ""]);
        assert.deepEqual(read(`registry.example.org:5000/a/b:c${digest}`), ["registry.example.org:5000/a/b", "c"]);
    });

    it("are the list in docs/security.md", () => {
        assert.ok(
            readFileSync(securityFile, "utf8") === security(),
            "docs/security.md has another list than components/minio/knownFlaws.ts: run npx tsx docs/generate.ts",
        );
    });
});
