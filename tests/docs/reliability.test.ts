import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { topologyOf } from "../../components/minio/topology";
import type { Row } from "../faults/campaign";
import { describeService, serviceWithout } from "../faults/fault";
import { allFaults } from "../faults/kinds/index";
import { reliabilityFile, withRows } from "../faults/table";

const row = (fault: string, lost = 0): Row => ({
    fault,
    expected: "reads go on",
    observed: "they do",
    requests: 10,
    failed: 1,
    longestGap: { put: 1.23, get: 0 },
    lost,
    violations: lost,
    manualStep: "none",
});

describe("docs/reliability.md", () => {
    it("has a line of the campaign's for each fault, none with a lost object", () => {
        const lines = readFileSync(reliabilityFile, "utf8").split("\n");
        for (const { title } of allFaults) {
            const cells = lines.find((line) => line.startsWith(`| ${title} |`))?.split(" | ");
            assert.ok(cells, `run make test-faults: there is no line for '${title}'`);
            assert.equal(cells[5], "0", title);
        }
    });

    it("is about as many faults as the README says", () => {
        const readme = readFileSync(join(__dirname, "../../README.md"), "utf8");
        assert.ok(readme.includes(`| ${allFaults.length} faults under load:`), `it has ${allFaults.length}`);
    });

    it("keeps the lines of faults that were not run again, and drops those that are no more", () => {
        const text = "before\n<!-- made by make test-faults: do not edit --><!-- end -->\nafter";
        const first = withRows(text, [row("a"), row("b"), row("gone")], ["a", "b", "gone"]);
        const second = withRows(first, [row("b", 7)], ["a", "b"]);
        const lines = second.split("\n").filter((line) => line.startsWith("| "));
        assert.equal(lines.length, 4);
        assert.equal(lines[2], "| a | reads go on | they do | 1 of 10 | 1.2 s / 0.0 s | 0 | yes | none |");
        assert.match(lines[3], /^\| b .* \| 7 \| no: 7 times \| none \|$/);
        assert.ok(second.startsWith("before\n") && second.endsWith("\nafter"));
        assert.throws(() => withRows("no table", [], []), /lacks the lines/);
    });

    it("expects of a fault what the topology says", () => {
        const topology = topologyOf([{ servers: 4, drivesPerServer: 1, driveBytes: 1 }]);
        assert.ok(topology);
        const expected = [0, 1, 2, 3].map((away) => serviceWithout(away, topology));
        assert.deepEqual(
            expected.map(({ writes, reads }) => [writes, reads]),
            [
                [true, true],
                [true, true],
                [false, true],
                [false, false],
            ],
        );
        assert.equal(new Set(expected.map(describeService)).size, 3);
    });
});
