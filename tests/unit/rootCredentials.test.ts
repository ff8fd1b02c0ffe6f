import assert from "node:assert/strict";
import { credentialsProblems } from "../../components/spec/rootCredentials";

describe("root credentials", () => {
    const told = (user: string, password: string) =>
        credentialsProblems(user, password).map(({ key, reason }) => `${key}: ${reason}`);

    it("may have every sign", () => {
        for (const user of ["adm", 'a"b', "a\\b", "my admin", "a'b$`#/%+&?", "a".repeat(500)]) {
            assert.deepEqual(told(user, "12345678"), [], user);
        }
        for (const password of ['p@ss word "1"', "p\\\t\"'$x`y#", "zwei\nZeilen", "päßwörter", "世界世", "a:b:c=d,e"]) {
            assert.deepEqual(told("admin", password), [], password);
        }
    });

    const refused: [string, string, RegExp[]][] = [
        ["ad", "short", [/^root-user: use at least 3/, /^root-password: MinIO wants at least 8/]],
        ["a=b", "12345678", [/^root-user: .*without ':', '=' and ','/]],
        ["a,b", "12345678", [/^root-user: /]],
        ["a:b", "12345678", [/^root-user: .*without ':'/]],
        ["ädmin", "12345678", [/^root-user: .*ASCII/]],
        ["admin\n", "12345678", [/^root-user: /]],
        [" admin", "12345678", [/^root-user: /]],
        ["ad\nmin", "12345678", [/^root-user: /]],
        ["admin", "longenough1\n", [/^root-password: it has spaces or line breaks around it.*printf/]],
        ["admin", "\t12345678", [/^root-password: it has spaces/]],
        ["admin", "1234567\n", [/^root-password: it has spaces/, /at least 8/]],
        ["admin", "1234\u00005678", [/^root-password: .*NUL/]],
        ["admin", Buffer.from("3132333435363738ff", "hex").toString(), [/^root-password: .*UTF-8/]],
        ["environment", "envelope", [/^root-user: .*begins with 'env'/, /^root-password: .*begins with 'env'/]],
    ];
    for (const [user, password, expected] of refused) {
        it(`are refused as ${JSON.stringify([user, password])}, and no value is told`, () => {
            const problems = told(user, password);
            assert.equal(problems.length, expected.length, problems.join("\n"));
            for (const [index, problem] of problems.entries()) {
                assert.match(problem, expected[index]);
                assert.ok(!problem.includes(password));
            }
        });
    }
});
