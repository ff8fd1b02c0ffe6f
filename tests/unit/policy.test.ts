import assert from "node:assert/strict";
import { defaultImage } from "../../components/spec/spec";
import {
    credentialsAreNotDefault,
    dataIsRetained,
    disruptionBudgetIsPresent,
    imageHasNoKnownFlaw,
    imageIsPinned,
    onlyIn,
    type PolicyResource,
    type Rule,
    serversAreEven,
} from "../../policy/rules";

const urn = (type: string, parents = "minio-cluster:index:MinioCluster$", stack = "dev") =>
    `urn:pulumi:${stack}::project::${parents}${type}::minio`;

const statefulSet = "kubernetes:apps/v1:StatefulSet";

/** A pool's StatefulSet; `spec` stands in for parts of it. */
function pool({ image = "minio:RELEASE.2025-09-07T16-13-09Z", ...spec }: Record<string, any> = {}): PolicyResource {
    return {
        type: statefulSet,
        urn: urn(statefulSet),
        props: {
            spec: {
                replicas: 4,
                template: { metadata: { labels: { app: "minio", pool: "0" } }, spec: { containers: [{ image }] } },
                ...spec,
            },
        },
    };
}

function resource(type: string, props: Record<string, any>): PolicyResource {
    return { type, urn: urn(type), props };
}

function budget(
    matchLabels: Record<string, string>,
    kept: Record<string, unknown> = { minAvailable: 3 },
    namespace?: string,
): PolicyResource {
    const spec = { selector: { matchLabels }, ...kept };
    return resource("kubernetes:policy/v1:PodDisruptionBudget", { metadata: { namespace }, spec });
}

const secret = (props: Record<string, any>) => resource("kubernetes:core/v1:Secret", props);
const base64 = (text: string) => Buffer.from(text).toString("base64");

function passes(rule: Rule, ...resources: PolicyResource[]): void {
    assert.deepEqual(rule(resources), []);
}

/** That the rule finds just one thing wrong, at the first resource, and says this of it. */
function refuses(rule: Rule, message: RegExp, ...resources: PolicyResource[]): void {
    const violations = rule(resources);
    assert.equal(violations.length, 1, JSON.stringify(violations));
    assert.equal(violations[0].urn, resources[0].urn);
    assert.match(violations[0].message, message);
}

describe("the policy", () => {
    const foreign = { ...pool({ image: "minio", replicas: 1 }), urn: urn(statefulSet, "") };

    describe("that the image is pinned", () => {
        for (const image of [
            "quay.io/minio/minio:RELEASE.2025-09-07T16-13-09Z",
            "registry.example.org:5000/minio:v7",
            "minio:2025.7.23-debian-12-r3",
            "minio:hardened-1.2",
            "minio:git-3f2a1bc",
            `minio@sha256:${"a".repeat(64)}`,
            `minio:latest@sha256:${"a".repeat(64)}`,
        ]) {
            it(`passes ${image}`, () => passes(imageIsPinned, pool({ image })));
        }
        for (const image of [
            "minio",
            "quay.io/minio/minio:latest",
            "registry.example.org:5000/minio",
            "minio:edge",
            "minio:edge2",
        ]) {
            it(`refuses ${image}`, () => refuses(imageIsPinned, /set image to a release/, pool({ image })));
        }
        it("leaves other StatefulSets alone", () => passes(imageIsPinned, foreign));
    });

    describe("that the image has no known flaw", () => {
        const old = pool({ image: "docker.io/pgsty/silo:RELEASE.2026-09-03T13-18-01Z" });
        const rule = imageHasNoKnownFlaw([]);
        for (const image of [defaultImage, "minio:latest", `minio@sha256:${"a".repeat(64)}`]) {
            it(`passes ${image}`, () => passes(rule, pool({ image })));
        }
        it("refuses an image with one, and names all, what the worst does, and the way out", () => {
            refuses(
                rule,
                /flaws: SN-2026-011, SN-2026-012, SN-2026-013, SN-2026-014\. .*presigned URL.*leave image out for the default/i,
                old,
            );
            refuses(
                rule,
                /flaws, unless its builder has mended them: CVE-2026-41145, /,
                pool({ image: "registry.example.org/minio:RELEASE.2025-10-15T17-29-55Z-hardened" }),
            );
        });
        it("refuses none that is accepted", () => {
            refuses(imageHasNoKnownFlaw(["SN-2026-011"]), /flaws: SN-2026-012, SN-2026-013, SN-2026-014\. /, old);
            passes(imageHasNoKnownFlaw(["SN-2026-011", "SN-2026-012", "SN-2026-013", "SN-2026-014"]), old);
        });
        it("leaves other StatefulSets alone", () => {
            const image = "minio/minio:RELEASE.2025-09-07T16-13-09Z";
            passes(rule, { ...pool({ image }), urn: urn(statefulSet, "") });
        });
    });

    describe("that credentials are not the default ones", () => {
        it("passes a random password, and one that is not known yet", () => {
            passes(
                credentialsAreNotDefault,
                secret({ stringData: { "root-user": "admin", "root-password": "x".repeat(32) } }),
            );
            class UnknownValueError extends Error {}
            const unknown = {
                get "root-password"(): string {
                    throw new UnknownValueError();
                },
            };
            passes(credentialsAreNotDefault, secret({ stringData: unknown }));
        });
        it("passes Secrets of other things", () =>
            passes(credentialsAreNotDefault, secret({ data: { password: base64("admin") } })));
        it("refuses a password that everybody knows, plain or encoded", () => {
            const wayOut = /leave existingSecretName out for a random one/;
            refuses(credentialsAreNotDefault, wayOut, secret({ stringData: { "root-password": "minioadmin" } }));
            refuses(credentialsAreNotDefault, wayOut, secret({ data: { "root-password": base64("minio123") } }));
        });
        it("refuses a cluster with such a password, wherever its Secret comes from", () => {
            const cluster = (rootPassword?: string) => resource("minio-cluster:index:MinioCluster", { rootPassword });
            refuses(credentialsAreNotDefault, /put a random one/, cluster("changeme"));
            passes(credentialsAreNotDefault, cluster("x".repeat(32)), cluster());
        });
        it("refuses the user's name as password", () => {
            const data = { "root-user": base64("operator"), "root-password": base64("operator") };
            refuses(credentialsAreNotDefault, /raise credentialsRevision/, secret({ data }));
        });
        it("does not hide what else goes wrong", () => {
            const broken = {
                get "root-password"(): string {
                    throw new RangeError("broken");
                },
            };
            assert.throws(() => credentialsAreNotDefault([secret({ stringData: broken })]), /broken/);
        });
    });

    describe("that there is a disruption budget", () => {
        it("passes a pool with its budget, and one of two servers, of which none may be missed", () => {
            passes(disruptionBudgetIsPresent, pool(), budget({ app: "minio", pool: "0" }));
            passes(disruptionBudgetIsPresent, pool({ replicas: 2 }));
        });
        it("refuses a pool without one, or with that of another", () => {
            const wayOut = /leave disruptionBudget.enabled out, or set it to true/;
            refuses(disruptionBudgetIsPresent, wayOut, pool());
            refuses(disruptionBudgetIsPresent, wayOut, pool(), budget({ app: "minio", pool: "1" }));
            refuses(disruptionBudgetIsPresent, wayOut, pool(), budget({}));
        });
        const mine = { app: "minio", pool: "0" };
        it("refuses a pool whose budget is in another namespace, where it protects nothing", () => {
            refuses(disruptionBudgetIsPresent, /has no disruption budget/, pool(), budget(mine, undefined, "other"));
            passes(disruptionBudgetIsPresent, pool(), budget(mine, undefined, "default"));
        });
        for (const kept of [
            { minAvailable: 0 },
            { minAvailable: "0%" },
            { maxUnavailable: 4 },
            { maxUnavailable: "100%" },
            { maxUnavailable: "80%" },
            {},
        ]) {
            it(`refuses a pool whose budget keeps no server: ${JSON.stringify(kept)}`, () =>
                refuses(disruptionBudgetIsPresent, /that keeps a server/, pool(), budget(mine, kept)));
        }
        for (const kept of [
            { minAvailable: 1 },
            { minAvailable: "50%" },
            { maxUnavailable: 1 },
            { maxUnavailable: "25%" },
        ]) {
            it(`passes a pool whose budget keeps a server: ${JSON.stringify(kept)}`, () =>
                passes(disruptionBudgetIsPresent, pool(), budget(mine, kept)));
        }
    });

    describe("that data is retained", () => {
        const policy = (whenDeleted?: string, whenScaled?: string) =>
            pool({ persistentVolumeClaimRetentionPolicy: { whenDeleted, whenScaled } });
        it("passes Retain, which is Kubernetes' default too", () => {
            passes(dataIsRetained, pool(), policy("Retain", "Retain"), policy());
        });
        it("refuses Delete", () => {
            refuses(dataIsRetained, /whenDeleted is Delete.*set it to Retain/, policy("Delete", "Retain"));
            refuses(dataIsRetained, /whenScaled is Delete/, policy("Retain", "Delete"));
        });
    });

    describe("that servers are even", () => {
        it("passes 4 and 16", () => passes(serversAreEven, pool(), pool({ replicas: 16 })));
        for (const replicas of [2, 3, 5]) {
            it(`refuses ${replicas}`, () =>
                refuses(
                    serversAreEven,
                    new RegExp(`has ${replicas} servers.*even number of at least 4`),
                    pool({ replicas }),
                ));
        }
    });

    it("counts in production only where it is meant to", () => {
        const rule = onlyIn(["prod", "live-eu"], serversAreEven);
        const inStack = (stack: string) => ({ ...pool({ replicas: 5 }), urn: urn(statefulSet, undefined, stack) });
        const asked = (stack: string) => rule([inStack(stack)]).length;
        for (const stack of ["prod", "prod-eu", "eu-prod", "eu_prod.2", "Prod", "live-eu", "my-live-eu"]) {
            assert.equal(asked(stack), 1, stack);
        }
        for (const stack of [
            "dev",
            "preprod",
            "pre-prod",
            "eu-non-prod",
            "not_prod",
            "production",
            "products",
            "live",
            "eu",
        ]) {
            assert.equal(asked(stack), 0, stack);
        }
    });
});
