import { campaign } from "../faults/campaign";
import { shortFaults } from "../faults/kinds/index";

/** The short form of `make test-faults`, on whatever nodes there are. */
campaign("a cluster under load and faults", "e2e-faults", shortFaults, () => {});
