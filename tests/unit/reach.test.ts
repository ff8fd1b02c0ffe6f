import assert from "node:assert/strict";
import { Reach } from "../../components/rollout/noticed";

const server = (state: { ready?: boolean; terminating?: boolean; silence?: string }) => ({
    name: "minio-0",
    ordinal: 0,
    terminating: false,
    ready: true,
    answers: false,
    initialised: false,
    mayStop: false,
    change: "none" as const,
    ...state,
});

/** A cluster of servers that are as given, as far as it matters here. */
const cluster = (...servers: Parameters<typeof server>[0][]) =>
    ({ pools: [{ servers: servers.map(server) }] }) as unknown as Parameters<Reach["check"]>[0];

describe("servers that Kubernetes reaches, and nobody else", () => {
    const silence = "proxy: 503; forward: refused";
    const later = () => new Promise((resolve) => setTimeout(resolve, 20));

    it("are told of with what was tried, after a while", async () => {
        const reach = new Reach(10);
        reach.check(cluster({ silence }, { silence }));
        await later();
        assert.throws(
            () => reach.check(cluster({ silence }, { silence })),
            /no server can be asked .* these are ready: minio-0, minio-0\. Tried for minio-0: proxy: 503; forward: refused\./,
        );
    });

    it("are all named, though not all of them were asked, with what the first one that was said", async () => {
        const reach = new Reach(10);
        reach.check(cluster({ silence }, {}));
        await later();
        assert.throws(
            () => reach.check(cluster({}, { silence: "another" })),
            /these are ready: minio-0, minio-0\. Tried for minio-0: proxy: 503; forward: refused\./,
        );
    });

    for (const [what, states] of [
        ["that are not ready yet", [{ ready: false, silence }]],
        ["that are on their way out", [{ terminating: true, silence }]],
        ["of which one answers", [{ silence }, { silence: "" }]],
        ["that were not asked", [{}]],
    ] as const) {
        it(`are not servers ${what}`, async () => {
            const reach = new Reach(10);
            reach.check(cluster(...states));
            await later();
            reach.check(cluster(...states));
        });
    }

    it("are not servers of which one has answered before, or that were out of sight meanwhile", async () => {
        const reach = new Reach(10);
        reach.check(cluster({ silence: "" }));
        await later();
        reach.check(cluster({ silence }));
        await later();
        reach.check(cluster({ silence }));

        const afterAnOutage = new Reach(10);
        afterAnOutage.check(cluster({ silence }));
        await later();
        afterAnOutage.reset();
        afterAnOutage.check(cluster({ silence }));
    });
});
