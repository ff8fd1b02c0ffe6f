import assert from "node:assert/strict";
import { descendants, killAll } from "../../support/processes";
import { kubectl, type Running } from "../../support/project";
import type { Fault } from "../fault";
import { type LoadedCluster, timeoutSeconds } from "../loadedCluster";

export const programKilled: Fault = {
    title: "the Pulumi program is killed (SIGKILL) in the middle of an upgrade",
    serversAway: 1,
    expected: "the next `up` goes on where it stopped",
    async strike(cluster) {
        const up = await upgradeUntil(cluster, /lets minio-3 restart|restarts minio-3/);
        await killProgram(up);
        await cluster.goesOn();
        return "the servers serve as they are; no server is restarted by anything else";
    },
};

export const heldKilled: Fault = {
    title: "the Pulumi program is killed (SIGKILL) while requests wait for the last server (`rollout.freezeRequests`)",
    serversAway: 0,
    // Clients that give up earlier would tell of their own patience.
    silent: true,
    expected: "the servers thaw by themselves within 60 s; the next `up` goes on where it stopped",
    async strike(cluster) {
        await cluster.project.configure({ rollout: { timeoutSeconds, freezeRequests: true } });
        const up = await upgradeUntil(cluster, /comes back: all requests wait/);
        await killProgram(up);
        await cluster.goesOn();
        const text = await cluster.project.succeed("up", "--yes", "--skip-preview");
        await cluster.project.configure({ rollout: { timeoutSeconds } });
        assert.match(text, /requests were frozen for the return of minio-\d by a program that was cut off: thawed/);
        return "requests waited and went on; the next `up` went on";
    },
};

export const engineKilled: Fault = {
    title: "`pulumi` itself and all that it started is killed in the middle of an upgrade",
    serversAway: 1,
    manualStep: "`pulumi cancel`, as the killed process has left its lock on the stack",
    async strike(cluster) {
        const up = await upgradeUntil(cluster, /lets minio-3 restart|restarts minio-3/);
        await up.killTree();
        await cluster.goesOn();
        const { code, text } = await cluster.project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(code, 0, "the manual step is not needed any more");
        assert.match(text, /locked/);
        await cluster.project.succeed("cancel", "--yes");
        return "the next `up` says that the stack is locked, and goes on after the manual step";
    },
};

export const runTimedOut: Fault = {
    title: "a run is cut by the time limit of a CI system (SIGINT, SIGKILL 10 s later)",
    serversAway: 1,
    expected: "the next `up` goes on where it stopped",
    async strike(cluster) {
        await cluster.configureRestart();
        const up = cluster.startUp();
        await up.says(/lets minio-3 restart|restarts minio-3/);
        const pid = up.process.pid as number;
        const all = [...descendants(pid), { pid }];
        const began = Date.now();
        up.process.kill("SIGINT");
        const late = setTimeout(() => killAll(all), 10_000);
        await up.ended;
        clearTimeout(late);
        await cluster.goesOn();
        const seconds = Math.round((Date.now() - began) / 1000);
        assert.ok(seconds < 60);
        return "`pulumi` ends by itself on SIGINT; the servers serve as they are";
    },
};

export const twoUps: Fault = {
    title: "two machines run `pulumi up` at the same time",
    serversAway: 1,
    expected: "one of them does all",
    async strike(cluster) {
        await cluster.configureRestart();
        const up = cluster.startUp();
        await up.says(/lets minio-3 restart|restarts minio-3/);
        const other = await cluster.project.execute("up", "--yes", "--skip-preview");
        assert.notEqual(other.code, 0);
        assert.match(other.text, /locked/);
        const { code, text } = await up.ended;
        assert.equal(code, 0, text);
        return "the second says that the stack is locked; the first ends well";
    },
};

export const secretDeleted: Fault = {
    title: "the Secret with the root password is deleted by hand, and a server crashes",
    serversAway: 1,
    expected: "the password is in Pulumi's state",
    manualStep: "`pulumi up --refresh`, by which Pulumi sees that it is gone",
    async strike(cluster) {
        await kubectl("delete", "secret", "minio-secret", cluster.inNamespace);
        await kubectl("delete", "pod", "minio-1", cluster.inNamespace);
        await cluster.goesOn();
        await cluster.project.succeed("up", "--refresh", "--yes", "--skip-preview");
        await cluster.untilReady();
        return "the others serve meanwhile; the same password comes back";
    },
};

async function upgradeUntil(cluster: LoadedCluster, moment: RegExp): Promise<Running> {
    await cluster.configureUpgrade();
    const up = cluster.startUp();
    await up.says(moment);
    return up;
}

/** Kills the program alone: the engine notices, and ends in good order. */
export async function killProgram(up: Running): Promise<void> {
    const all = descendants(up.process.pid as number);
    killAll(all.filter(({ command }) => /@pulumi\/pulumi\/cmd\/run/.test(command)));
    assert.notEqual((await up.ended).code, 0);
}
