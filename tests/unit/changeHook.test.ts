import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import type { ChangeClass } from "../../components/change/change";
import type { RolloutMover } from "../../components/change/review";
import { shapeOf } from "../../components/change/shape";
import type { Kubernetes } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";
import { NoConnectionError, OtherClusterError } from "../../components/live/connection";
import { podTemplate } from "../../components/server/podTemplate";
import { type Cluster, clusterOf } from "../../components/spec/cluster";
import { partitionAnnotation, shapeAnnotation } from "../../components/spec/labels";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { type HookOptions, holdOf, refusePassword, restartsBy } from "../../components/update/changeHook";

/** What is done to a StatefulSet of four servers before it is changed. */
async function held(change: ChangeClass, was: RolloutMover, becomes: RolloutMover, livePartition?: number) {
    const did: string[] = [];
    const kubernetes = {
        statefulSet: async () => ({ spec: { updateStrategy: { rollingUpdate: { partition: livePartition } } } }),
        setPartition: async (_: string, name: string, partition: number) => did.push(`${name} ${partition}`),
        setOnDelete: async (_: string, name: string) => did.push(`${name} OnDelete`),
    } as unknown as Kubernetes;
    await holdOf({ class: change }, was, becomes, { pool: "minio", servers: 4 })?.(kubernetes, "a");
    return did.join();
}

describe("what is done before a StatefulSet is changed", () => {
    it("holds the servers for a change that restarts some, in the guided rollout only", async () => {
        assert.equal(await held("rolling", "Guided", "Guided"), "minio 4");
        assert.equal(await held("none", "Guided", "Guided"), "");
        assert.equal(await held("coupled", "Native", "Native"), "");
        assert.equal(await held("coupled", "OnDelete", "OnDelete"), "");
        assert.equal(await held("coupled", "Guided", "Native"), "");
    });

    it("holds them when the rollout becomes guided: a change may wait from before", async () => {
        assert.equal(await held("none", "OnDelete", "Guided"), "minio 4");
        assert.equal(await held("none", "Native", "Guided", 2), "minio 4");
    });

    it("changes a partition that is as high already: the provider would take away what nobody else has set", async () => {
        assert.equal(await held("none", "Native", "Guided", 4), "minio 5");
        assert.equal(await held("rolling", "Native", "Guided", 4), "minio 5");
    });

    it("asks for the Kubernetes cluster where drives grow in Kubernetes' own pace, and not for what the provider does alone", () => {
        const asks = (grows: boolean, mover: RolloutMover) =>
            holdOf({ class: "none", grows }, mover, mover, { pool: "minio", servers: 4 }) !== undefined;
        for (const mover of ["Native", "OnDelete"] as const) {
            assert.deepEqual([asks(true, mover), asks(false, mover)], [true, false]);
        }
    });

    it("lets nothing restart by itself, and takes the partition away, before pods are updated only by hand", async () => {
        assert.equal(await held("coupled", "Guided", "OnDelete"), "minio OnDelete");
        assert.equal(await held("none", "Native", "OnDelete", 2), "minio OnDelete");
    });
});

describe("how servers would restart by a change", () => {
    it("is not at all where all stop or start, but where a restore has started them before the change", () => {
        const restarts = (before: boolean, after: boolean, restores: boolean) =>
            restartsBy("coupled", { hibernates: before }, { hibernates: after }, restores);
        assert.equal(restarts(false, false, false), "coupled");
        assert.equal(restarts(false, false, true), "coupled");
        assert.equal(restarts(false, true, false), "none");
        assert.equal(restarts(true, true, false), "none");
        assert.equal(restarts(true, false, false), "none");
        assert.equal(restarts(true, false, true), "coupled");
    });
});

describe("a new root password", () => {
    const clusterWith = (args: KnownArgs) => clusterOf("minio", withDefaults({ namespace: "storage", ...args }));
    const revision = (credentialsRevision: number) => clusterWith({ credentialsRevision });

    /** @param live undefined: no StatefulSet is there. @param running what each pod was made by */
    const refusal = async (
        wanted: Cluster,
        live: Cluster | undefined,
        running: Cluster[] | Error = [],
        { act = async () => {}, lacks = "", begins = live === undefined } = {},
    ) => {
        const template = ({ names, spec }: Cluster) => podTemplate(names, spec, 0) as any;
        const kubernetes = {
            statefulSet: async () =>
                live && {
                    metadata: {
                        annotations: {
                            [shapeAnnotation]: JSON.stringify(shapeOf(live.spec, 0)),
                            [partitionAnnotation]: "0",
                        },
                    },
                    spec: { template: template(live), replicas: live.spec.hibernate ? 0 : 4 },
                },
            may: async (_: string, { resource }: { resource: string }) => resource !== lacks,
            controllerRevisions: async () =>
                running instanceof Error
                    ? []
                    : running.map((one, index) => ({
                          metadata: { name: `revision-${index}` },
                          data: { spec: { template: template(one) } },
                      })),
            async pods() {
                if (running instanceof Error) {
                    throw running;
                }
                return running.map((one, ordinal) => ({
                    metadata: {
                        name: `minio-${ordinal}`,
                        annotations: template(one).metadata.annotations,
                        labels: { "controller-revision-hash": `revision-${running.indexOf(one)}` },
                    },
                }));
            },
        } as unknown as Kubernetes;
        const options = {
            cluster: { ...wanted, resolved: pulumi.output(Promise.resolve(wanted)) },
            connection: {
                look: async () => kubernetes,
                act: async () => (await act()) ?? kubernetes,
                writesFiles: async () => false,
            },
            preflight: { refuse: async () => {} },
            begins: () => begins,
        } as unknown as HookOptions;
        return refusePassword(options, undefined as unknown as pulumi.Resource).then(
            () => "",
            ({ message }: Error) => message,
        );
    };

    it("is refused where servers run with the password of its number, whether the StatefulSet was changed or not", async () => {
        const [one, two] = [revision(1), revision(2)];
        for (const [live, running, free] of [
            [one, [one, one, one, one], 2],
            [two, [one, one, one, one], 3],
            [two, [two, one, two], 3],
        ] as const) {
            assert.match(
                await refusal(one, live, [...running]),
                new RegExp(
                    "^credentialsRevision: 1: servers that run, such as minio-[01], have the root password of that number\\. " +
                        `.* Take a number that no server has, such as ${free}$`,
                ),
            );
        }
    });

    it("is refused before the Secret has it where a deleted StatefulSet has left servers of another one", async () => {
        const [one, two] = [revision(1), revision(2)];
        assert.match(
            await refusal(one, undefined, [one, one]),
            /^credentialsRevision: 1: servers that run, such as minio-0/,
        );
        assert.match(
            await refusal(two, undefined, [one, one]),
            /^the StatefulSet minio is gone, .*: minio-0, minio-1\./,
        );
        const native = clusterWith({ credentialsRevision: 2, rollout: { mode: "Native" } });
        assert.equal(await refusal(native, undefined, [one, one]), "");
    });

    it("may have a number that no server has, or one whose servers are all gone", async () => {
        const [one, two, three] = [revision(1), revision(2), revision(3)];
        assert.equal(await refusal(one, undefined), "");
        assert.equal(await refusal(two, one, [one, one, one, one]), "");
        assert.equal(await refusal(three, two, [two, one, two, one]), "");
        assert.equal(await refusal(one, two, [two, two, two, two]), "");
        assert.equal(await refusal(one, clusterWith({ hibernate: true }), []), "");
        assert.equal(await refusal(clusterWith({ rootUser: "root" }), one, [one]), "");
    });

    it("is refused where Kubernetes would restart one server alone with it", async () => {
        const change: KnownArgs = { credentialsRevision: 2, rollout: { mode: "Native" } };
        const refused = /^rollout\.mode: Native is not allowed with a change of root credentials: /;
        assert.match(await refusal(clusterWith(change), revision(1)), refused);
        assert.equal(await refusal(clusterWith(change), clusterWith({ hibernate: true })), "");
        assert.equal(await refusal(clusterWith({ ...change, hibernate: true }), revision(1)), "");
        assert.equal(await refusal(clusterWith({ ...change, updateStrategy: "OnDelete" }), revision(1)), "");
        assert.equal(await refusal(clusterWith(change), undefined), "");
    });

    it("is refused before the Secret has it where the StatefulSets could not be held after", async () => {
        const [one, two] = [revision(1), revision(2)];
        const act = () => Promise.reject(new OtherClusterError("leads to another Kubernetes cluster"));
        assert.match(await refusal(two, one, [one], { act }), /leads to another Kubernetes cluster/);
        assert.equal(await refusal(two, undefined, [], { act }), "", "no server is there");
        assert.match(
            await refusal(two, one, [one], { lacks: "pods/eviction" }),
            /lacks rights .*: create pods\/eviction/,
        );
        assert.equal(await refusal(two, one, [one]), "");
    });

    it("of a new cluster is not judged in a preview by servers that may be another Kubernetes cluster's", async () => {
        const one = revision(1);
        const mocks = { newResource: () => ({ id: "", state: {} }), call: () => ({}) };
        await pulumi.runtime.setMocks(mocks, "project", "stack", true);
        try {
            const refused = /^credentialsRevision: 1: servers that run/;
            assert.match(await refusal(one, one, [one], { begins: false }), refused);
            assert.equal(await refusal(one, one, [one], { begins: true }), "");
        } finally {
            await pulumi.runtime.setMocks(mocks);
        }
    });

    it("is made without a kubeconfig in Kubernetes' own pace only where the cluster begins, so that no servers are there", async () => {
        const refusal = async (args: KnownArgs, begins: boolean) => {
            const wanted = clusterWith(args);
            const look = () => Promise.reject(new NoConnectionError("the kubeconfig names no cluster"));
            const options = {
                cluster: { ...wanted, resolved: pulumi.output(Promise.resolve(wanted)) },
                connection: { look },
                preflight: { refuse: async () => {} },
                begins: () => begins,
            } as unknown as HookOptions;
            return refusePassword(options, undefined as never).then(
                () => "",
                ({ message }: Error) => message,
            );
        };
        assert.equal(await refusal({ rollout: { mode: "Native" } }, true), "");
        assert.match(await refusal({ rollout: { mode: "Native" } }, false), /names no cluster/);
        assert.match(await refusal({}, true), /names no cluster/);
    });

    it("is not judged by the pods without the right to see them, as OnDelete needs none", async () => {
        assert.equal(
            await refusal(revision(1), revision(2), new KubernetesError("a right is missing", false, 403)),
            "",
        );
    });
});
