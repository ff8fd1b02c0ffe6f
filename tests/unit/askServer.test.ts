import assert from "node:assert/strict";
import { askerOf, type Question, type Way } from "../../components/kubernetes/askServer";
import type { Answer } from "../../components/kubernetes/client";
import { KubernetesError } from "../../components/kubernetes/errors";

const answer: Answer = { status: 200, headers: {}, body: "" };
const question: Question = { namespace: "a", pod: "minio-0", scheme: "http", path: "/", headers: {} };

/** A way that does as a test says, and notes that it was used. */
class FakeWay implements Way {
    used = 0;
    aborted = 0;
    constructor(
        readonly name: string,
        public does: (signal: AbortSignal) => Promise<Answer>,
    ) {}

    ask(_: Question, signal: AbortSignal): Promise<Answer> {
        this.used++;
        signal.addEventListener("abort", () => this.aborted++);
        return this.does(signal);
    }
}

const answers = async () => answer;
const fails = (message: string) => async (): Promise<Answer> => {
    throw new Error(message);
};
const hangs = (signal: AbortSignal) =>
    new Promise<Answer>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

describe("a server", () => {
    let proxy: FakeWay;
    let forward: FakeWay;
    let ask: ReturnType<typeof askerOf>;
    beforeEach(() => {
        proxy = new FakeWay("proxy", answers);
        forward = new FakeWay("forward", answers);
        ask = askerOf([proxy, forward]);
    });
    const used = () => [proxy.used, forward.used];

    it("is asked by one way where that works", async () => {
        assert.equal(await ask(question, { milliseconds: 1000 }), answer);
        await ask(question, { milliseconds: 1000 });
        assert.deepEqual(used(), [2, 0]);
    });

    it("is asked by the second way when the first fails, and from then on by that alone", async () => {
        proxy.does = fails("i/o timeout");
        assert.equal(await ask(question, { milliseconds: 1000 }), answer);
        assert.equal(await ask(question, { milliseconds: 1000 }), answer);
        assert.deepEqual(used(), [1, 2]);
    });

    it("is asked by the second way when the first is silent, which is then given up", async () => {
        proxy.does = hangs;
        const from = performance.now();
        assert.equal(await ask(question, { milliseconds: 3000 }), answer);
        assert.ok(performance.now() - from < 1500);
        assert.deepEqual([proxy.aborted, used()], [1, [1, 1]]);
    });

    it("is asked by all ways again after it did not answer by the proven one, and another server by its own", async () => {
        proxy.does = fails("i/o timeout");
        await ask(question, { milliseconds: 1000 });
        forward.does = fails("connection refused");
        assert.equal(await ask(question, { milliseconds: 1000 }), undefined);
        assert.deepEqual(used(), [1, 2]);
        proxy.does = answers; // It has come back on another node.
        assert.equal(await ask(question, { milliseconds: 1000 }), answer);
        assert.deepEqual(used(), [2, 2]);
        await ask({ ...question, pod: "minio-1" }, { milliseconds: 1000 });
        assert.deepEqual(used(), [3, 2]);
    });

    it("that answers by no way has each said what became of it, on one line", async () => {
        proxy.does = hangs;
        forward.does = fails(`no\n::error::${"x".repeat(500)}`);
        let said = "";
        const silent = (text: string) => {
            said = text;
        };
        assert.equal(await ask(question, { milliseconds: 500, silent }), undefined);
        assert.match(said, /^proxy: no answer in time; forward: no\\u\{a\}::error::x+…$/);
        assert.ok(said.length < 300);
    });

    it("is not taken for silent when the Kubernetes API is away", async () => {
        proxy.does = async () => {
            throw new KubernetesError("connect ECONNREFUSED", true);
        };
        forward.does = fails("connect ECONNREFUSED");
        await assert.rejects(ask(question, { milliseconds: 1000 }), KubernetesError);
    });
});
