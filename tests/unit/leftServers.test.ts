import assert from "node:assert/strict";
import type { Registered } from "../../components/change/review";
import { shapeOf } from "../../components/change/shape";
import { KubernetesError } from "../../components/kubernetes/errors";
import type { Connection } from "../../components/live/connection";
import { podTemplate } from "../../components/server/podTemplate";
import { clusterOf } from "../../components/spec/cluster";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { checkLeftServers } from "../../components/update/leftServers";

describe("servers that a deleted StatefulSet has left", () => {
    const clusterWith = (args: KnownArgs) => clusterOf("minio", withDefaults({ namespace: "store", ...args }));
    /** As Kubernetes keeps it, with a default and without what is empty. */
    const kept = (args: KnownArgs): any => {
        const cluster = clusterWith(args);
        const template = JSON.parse(JSON.stringify(podTemplate(cluster.names, cluster.spec, 0)));
        template.spec.restartPolicy = "Always";
        for (const variable of template.spec.containers[0].env) {
            if (variable.value === "") {
                delete variable.value;
            }
        }
        return { metadata: { name: args.image ?? "now" }, data: { spec: { template } } };
    };
    const pod = (ordinal: number, revision: string, more = {}) => ({
        metadata: { name: `minio-${ordinal}`, labels: { "controller-revision-hash": revision }, ...more },
    });
    const refusal = (args: KnownArgs, pods: object[], revisions: object[], changes: Partial<Registered> = {}) => {
        const { names, spec } = clusterWith(args);
        const kubernetes = { pods: async () => pods, controllerRevisions: async () => revisions };
        const connection = { writesFiles: async () => false, look: async () => kubernetes } as unknown as Connection;
        const made: Registered = {
            template: podTemplate(names, spec, 0),
            partition: 2,
            shape: shapeOf(spec, 0),
            mover: "Guided",
            ...changes,
        };
        return messageOf(connection, made);
    };
    const messageOf = (connection: Connection, made: Registered) =>
        checkLeftServers(connection, { name: "minio", selector: {} }, made, undefined as never, 0).then(
            () => "",
            ({ message }: Error) => message,
        );
    const [old, now] = [kept({ image: "old" }), kept({ image: "new" })];
    const staged = [pod(0, "old"), pod(1, "old"), pod(2, "new"), pod(3, "new")];

    it("in the middle of a staged update keep the StatefulSet from being made: those below the partition would restart", async () => {
        assert.match(
            await refusal({ image: "new" }, staged, [old, now]),
            /^the StatefulSet minio is gone, .* wants: minio-0, minio-1\. .* Set updateStrategy to OnDelete, leave partition and rollout\.freezeRequests out, and run pulumi up --refresh: /,
        );
        const unknown = await refusal({ image: "new" }, staged, []);
        assert.match(unknown, /wants: minio-0, minio-1, minio-2, minio-3\. /, "Kubernetes has forgotten the revisions");
        const before = [0, 1, 2, 3].map((ordinal) => pod(ordinal, "old"));
        assert.match(await refusal({ image: "new" }, before, [old]), /wants: minio-0, minio-1, minio-2, minio-3\. /);
    });

    it("are taken over where they are as the program wants, and none restarts", async () => {
        const environment = { MINIO_REGION: "", MINIO_CALLHOME_ENABLE: "off" };
        const same = [0, 1, 2, 3].map((ordinal) => pod(ordinal, "now"));
        assert.equal(await refusal({ environment }, same, [kept({ environment })]), "");
        assert.equal(await refusal({}, [], []), "");
    });

    it("are not those that no StatefulSet takes over: a copy of one to look at, or the pod of a Job", async () => {
        const copy = { metadata: { ...pod(1, "old").metadata, name: "minio-1-debug" } };
        const job = {
            metadata: { ...pod(9, "").metadata, ownerReferences: [{ kind: "Job", controller: true, name: "j" }] },
        };
        const same = [0, 1, 2, 3].map((ordinal) => pod(ordinal, "new"));
        assert.equal(await refusal({ image: "new" }, [copy], [old]), "");
        assert.equal(await refusal({ image: "new" }, [...same, copy, job], [old, now]), "");
    });

    it("keep it from being made while the Kubernetes API does not answer for them, but not where a right is missing", async () => {
        const { names, spec } = clusterWith({});
        const template = podTemplate(names, spec, 0);
        const made: Registered = { template, partition: 0, shape: shapeOf(spec, 0), mover: "Guided" };
        const failing = (error: Error) => {
            const kubernetes = { pods: async () => Promise.reject(error) };
            return { writesFiles: async () => false, look: async () => kubernetes } as unknown as Connection;
        };
        assert.match(
            await messageOf(failing(new KubernetesError("ECONNREFUSED", true)), made),
            /not answered.*ECONNREF/,
        );
        assert.equal(await messageOf(failing(new KubernetesError("forbidden", false, 403)), made), "");
    });

    it("are nobody's concern where they belong to a StatefulSet or end, nobody guides them, or all stop", async () => {
        const ownerReferences = [{ kind: "StatefulSet", controller: true, name: "minio" }];
        const owned = staged.map(({ metadata }) => ({ metadata: { ...metadata, ownerReferences } }));
        const ending = staged.map(({ metadata }) => ({ metadata: { ...metadata, deletionTimestamp: new Date() } }));
        for (const pods of [owned, ending]) {
            assert.equal(await refusal({ image: "new" }, pods, [old, now]), "");
        }
        for (const changes of [{ mover: "OnDelete" }, { mover: "Native" }, { hibernates: true }] as const) {
            assert.equal(await refusal({ image: "new" }, staged, [old, now], changes), "");
        }
    });
});
