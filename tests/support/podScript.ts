/** The pods' scripts as they ship, in a shell of this machine. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parameters } from "../../components/server/parameters";
import { namesOf } from "../../components/spec/names";
import { type KnownArgs, withDefaults } from "../../components/spec/spec";
import { environmentWith } from "./fakeProgram";

export const scriptsFolder = join(__dirname, "../../components/server/scripts");

/** The names of all that there are. */
export const podScripts = readdirSync(scriptsFolder).map((file) => file.replace(/\.sh$/, ""));

/** The folder with what a pod's is like: its programs, its scratch folder and its drives. */
export interface Pod {
    folder: string;
    args?: KnownArgs;
    /** Its name. Default: minio-1. */
    name?: string;
}

/** The variables that a script gets in a pod of the cluster `minio`, where its folders are in this folder. */
export function environmentOf({ folder, args = {}, name = "minio-1" }: Pod): NodeJS.ProcessEnv {
    return {
        ...environmentWith(folder),
        ...parameters(namesOf("minio"), withDefaults(args)),
        POD_NAME: name,
        POD_SCRATCH: folder,
        POD_DRIVES: join(folder, "data"),
        POD_TERMINATION_LOG: join(folder, "terminated"),
    };
}

/** The shells by which a pod's scripts are run here. */
export const shells = ["sh", "bash"];
