import { walk } from "./walk";

/** `make test-random`: RUNS sequences of STEPS changes each; the first is that of SEED. */
const { SEED = "1", RUNS = "100", STEPS = "6" } = process.env;

walk("random changes on four nodes, under load", {
    namespace: "random",
    seed: Number(SEED),
    sequences: Number(RUNS),
    steps: Number(STEPS),
});
