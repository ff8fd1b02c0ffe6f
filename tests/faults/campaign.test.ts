import { campaign } from "./campaign";
import { allFaults } from "./index";
import { tableOf, writeRows } from "./table";

/** `make test-faults`. With FAULTS, a regular expression on their titles, only some; the lines of the others stay as they are. */
const only = new RegExp(process.env.FAULTS ?? "");

campaign(
    "a cluster on four nodes, under load",
    "faults",
    allFaults.filter(({ title }) => only.test(title)),
    (rows) => {
        process.stdout.write(`\n${tableOf(rows)}\n`);
        writeRows(
            rows,
            allFaults.map(({ title }) => title),
        );
    },
);
