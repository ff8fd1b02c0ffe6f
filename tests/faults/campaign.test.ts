import { campaign, type Row } from "./campaign";
import { allFaults } from "./kinds/index";
import { tableOf, writeRows } from "./table";

/** `make test-faults`. With FAULTS, a regular expression on their titles, only some; the lines of the others stay as they are. */
const only = new RegExp(process.env.FAULTS ?? "");
const titles = allFaults.map(({ title }) => title);
const rows: Row[] = [];

campaign(
    "a cluster on four nodes, under load",
    "faults",
    allFaults.filter(({ title }) => only.test(title)),
    (row) => {
        rows.push(row);
        writeRows([row], titles);
    },
);

after(() => {
    process.stdout.write(`\n${tableOf(rows)}\n`);
});
