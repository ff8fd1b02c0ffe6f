import { walk } from "../random/walk";
import { isLong } from "../support/longForm";

/** `make test-random` for a while, on whatever nodes there are. The one step of the short form is a disturbed rollout. */
const sequence = isLong ? { seed: 1, steps: 3 } : { seed: 3, steps: 1 };
walk("random changes under load", { namespace: "e2e-random", sequences: 1, ...sequence });
