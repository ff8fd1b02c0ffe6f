import { readFileSync } from "node:fs";
import { descendants } from "./processes";

/** What the processes of `pulumi` are there for. */
export const roles = ["engine", "program", "providers"] as const;
export type Role = (typeof roles)[number];

export interface ProcessUse {
    /** The largest sum of resident memory, in bytes, and what each had at that moment. */
    memory: Record<Role, number>;
    /** Of the processors. */
    cpuSeconds: Record<Role, number>;
}

/** What Linux counts the time of processes in, in a second; fixed for what /proc shows. */
const ticks = 100;
const pageSize = 4096;

/**
 * Watches a `pulumi` and all that it starts, twice in a second. What a process did after it was last seen is missing: less than half a
 * second of each.
 */
export class ProcessWatch {
    private memory = none();
    private readonly cpu = new Map<number, { role: Role; seconds: number }>();
    private readonly timer = setInterval(() => this.look(), 500);

    constructor(private readonly pid: number) {
        this.look();
    }

    stop(): ProcessUse {
        clearInterval(this.timer);
        const cpuSeconds = none();
        for (const { role, seconds } of this.cpu.values()) {
            cpuSeconds[role] += seconds;
        }
        return { memory: this.memory, cpuSeconds };
    }

    private look(): void {
        const memory = none();
        for (const { pid, command } of [{ pid: this.pid, command: "" }, ...descendants(this.pid)]) {
            const now = usageOf(pid);
            if (now) {
                const role = pid === this.pid ? "engine" : roleOf(command);
                memory[role] += now.memory;
                this.cpu.set(pid, { role, seconds: now.cpuSeconds });
            }
        }
        if (sum(memory) > sum(this.memory)) {
            this.memory = memory;
        }
    }
}

const none = (): Record<Role, number> => ({ engine: 0, program: 0, providers: 0 });

export const sum = (parts: Record<Role, number>) => roles.reduce((total, role) => total + parts[role], 0);

/** Plugins are named `pulumi-resource-…`; what is left is the language host, and Node.js with the program. */
const roleOf = (command: string): Role => (/\bpulumi-resource-/.test(command) ? "providers" : "program");

/** What a process has and has used; undefined when it has ended. */
export function usageOf(pid: number): { memory: number; cpuSeconds: number } | undefined {
    try {
        // The name, in brackets, may have spaces; the time in the program and in the kernel are the 14th and 15th field.
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const pages = Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]);
        return { memory: pages * pageSize, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticks };
    } catch {
        return undefined;
    }
}
