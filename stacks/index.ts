/** Runs the program of the stacks, which is in program.ts, with the least delay. */
import "./lazyArborist";
import { startKubernetesProvider } from "./startProvider";

export = async () => {
    await startKubernetesProvider();
    const { program } = await import("./program");
    return program();
};
