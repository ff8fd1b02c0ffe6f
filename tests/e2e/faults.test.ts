import { campaign } from "../faults/campaign";
import { shortFaults } from "../faults/index";
import { tableOf } from "../faults/table";

/** The short form of `make test-faults`, on whatever nodes there are. */
campaign("a cluster under load and faults", "e2e-faults", shortFaults, (rows) => {
    process.stderr.write(`${tableOf(rows).replace(/^/gm, "      ")}\n`);
});
