import { walk } from "../random/walk";

/** The short form of `make test-random`, on whatever nodes there are. */
walk("random changes under load", { namespace: "e2e-random", seed: 1, sequences: 1, steps: 3 });
