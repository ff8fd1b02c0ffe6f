/**
 * The variables of a server's container that are parameters of the pods' scripts, components/server/scripts/. MinIO's servers compare
 * variables that begin with `MINIO_`, so none of these does. What they hold: components/server/parameters.ts.
 */
export const scriptVariables = [
    "POD_NAME",
    "POD_URL",
    "POD_SCRATCH",
    "POD_DRIVES",
    "POD_TERMINATION_LOG",
    "CLUSTER_URL",
    "CLUSTER_SERVERS",
    "CLUSTER_FIRST_POOL",
    "CLUSTER_LOCKERS",
    "CLUSTER_READ",
    "CLUSTER_LAST",
    "CLUSTER_OTHERS",
] as const;

export type ScriptVariable = (typeof scriptVariables)[number];

export function isScriptVariable(name: string): name is ScriptVariable {
    return (scriptVariables as readonly string[]).includes(name);
}
