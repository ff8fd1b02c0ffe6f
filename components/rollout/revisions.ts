/** What is in the revisions of StatefulSets. One never changes, so each is read one time. */
import type { V1ControllerRevision } from "@kubernetes/client-node";
import { type ChangeClass, changeOf } from "../change/change";
import type { PodTemplate } from "../server/podTemplate";

export class Revisions {
    private readonly templates = new Map<string, PodTemplate | undefined>();
    private readonly changes = new Map<string, ChangeClass>();

    /** Learns of some, by their names; asks only where one is new. */
    async learn(names: (string | undefined)[], list: () => Promise<V1ControllerRevision[]>): Promise<void> {
        const unknown = names.filter((name) => name && !this.templates.has(name));
        if (unknown.length === 0) {
            return;
        }
        for (const { metadata, data } of await list()) {
            this.templates.set(metadata?.name ?? "", (data as { spec: { template: PodTemplate } }).spec.template);
        }
        for (const name of unknown.filter((one) => !this.templates.has(one as string))) {
            this.templates.set(name as string, undefined); // Kubernetes has forgotten it.
        }
    }

    /** The class of the change from one to another; the safest guess where Kubernetes has forgotten one. */
    changeBetween(from: string | undefined, to: string): ChangeClass {
        if (from === to) {
            return "none";
        }
        const key = `${from} ${to}`;
        const change = this.changes.get(key) ?? this.classOf(from, to);
        this.changes.set(key, change);
        return change;
    }

    private classOf(from: string | undefined, to: string): ChangeClass {
        const [before, after] = [this.templates.get(from ?? ""), this.templates.get(to)];
        // A template may differ in what MinIO does not see at all; the pod is then still to be restarted.
        const change = before && after ? changeOf(before, after).class : "coupled";
        return change === "none" ? "rolling" : change;
    }
}
