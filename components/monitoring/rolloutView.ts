import type { Cluster } from "../spec/cluster";
import type { Series } from "./series";

/** How alerts see an update of the servers, by the metrics of kube-state-metrics. */
export interface RolloutView {
    /** After so many minutes without another updated server a rollout counts as stuck. */
    minutes: number;
    /** PromQL: the StatefulSets whose rollout is stuck; the value is the number of updated servers. */
    stuck: string;
    /**
     * The given PromQL, except while a rollout gets on: one server after another is then away for a moment, and by a
     * scrape every half a minute that looks as if one were away all the time.
     */
    except: (expr: string) => string;
}

export function rolloutView({ spec, timeoutSeconds }: Cluster, { statefulSets }: Series): RolloutView {
    // Longer than `pulumi up` waits for a server.
    const minutes = Math.ceil(timeoutSeconds / 60) + 5;
    const of = (metric: string) => `kube_statefulset_${metric}{${statefulSets}}`;
    const updated = of("status_replicas_updated");
    const kept = spec.partition > 0 ? ` - ${spec.partition}` : "";
    // A pod that is lost with its node counts as not updated either, so the revisions must differ too.
    const [current, wanted] = [of("status_current_revision"), of("status_update_revision")];
    const differs = `(${wanted} unless on (namespace, statefulset, revision) ${current})`;
    const behind = `${updated} < ${of("replicas")}${kept} and on (namespace, statefulset) ${differs}`;
    const steps = `changes(${updated}[${minutes}m])`;
    return {
        minutes,
        stuck: `${behind} and ${steps} == 0`,
        except: (expr) => `${expr} unless on () (${behind} and ${steps} > 0)`,
    };
}
