import { campaign, type Row } from "./campaign";
import { isMeant } from "./fault";
import { allFaults } from "./kinds/index";
import { tableOf, writeRows } from "./table";

/**
 * `make test-faults`. With FAULTS, a regular expression on their titles, only some; the lines of the others stay as
 * they are.
 */
const titles = allFaults.map(({ title }) => title);
const faults = allFaults.filter(({ title }) => isMeant(title));
const rows: Row[] = [];

if (faults.length > 0) {
    campaign("a cluster on four nodes, under load", "faults", faults, (row) => {
        rows.push(row);
        writeRows([row], titles);
    });
}

after(() => {
    process.stdout.write(`\n${tableOf(rows)}\n`);
});
