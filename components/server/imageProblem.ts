/** What an image lacks for the scripts that start its server, said by the image's name. Pure. */
import type { V1Pod } from "@kubernetes/client-node";
import { serverName, serverStatus } from "./podTemplate";

/** What start.sh says as it ends where its image has neither server; Kubernetes shows it in the pod's status. */
export const lacksServer = "this image has neither the program minio nor silo";

/** What start.sh writes first into a server's log where its image has no curl. */
export const lacksCurl = "this image has no curl: servers start and end without regard to requests";

/** What Kubernetes says of a container whose first program is not there, in the words of runc or crun. */
const noShell = /exec(utable file)?:? ["`]\/bin\/sh["`].*(no such file or directory|not found)/i;

/**
 * Why the server of a pod cannot start, as often as Kubernetes tries it; undefined where that is not the image's fault.
 */
export function imageProblem(pod: V1Pod): string | undefined {
    const status = serverStatus(pod);
    const { waiting, terminated } = status?.state ?? {};
    if (!waiting && !terminated) {
        return undefined; // It runs, or has not begun.
    }
    const messages = [waiting, terminated, status?.lastState?.terminated].map((state) => state?.message ?? "");
    if (messages.some((message) => noShell.test(message))) {
        return `the image '${imageOf(pod)}' has no /bin/sh, by which a server is started: use one with sh, coreutils and curl`;
    }
    return messages.some((message) => message.trim() === lacksServer)
        ? `the image '${imageOf(pod)}' has neither the program minio nor silo: use an image of MinIO or of Silo`
        : undefined;
}

/** What a server that runs does less well for lack of a program, by its log; undefined where the image has all. */
export function imageWarning(pod: V1Pod, log: string): string | undefined {
    return log.split("\n").includes(lacksCurl)
        ? `the image '${imageOf(pod)}' has no curl: a server that starts gets requests before it reaches all drives and answers ` +
              "that objects are missing, and one that ends cuts the requests that are under way: use an image with curl"
        : undefined;
}

function imageOf({ spec }: V1Pod): string {
    return spec?.containers.find(({ name }) => name === serverName)?.image ?? "";
}
