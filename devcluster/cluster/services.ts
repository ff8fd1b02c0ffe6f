/** The cluster's programs as services of s6, which keeps them running: a folder each, with a `run` script. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { logDir } from "../paths";
import { run } from "../shell";
import { servicesDir } from "./sandbox";

export interface Service {
    name: string;
    /** The program and its arguments. */
    command: string[];
    environment?: Record<string, string>;
}

export function logOf(name: string): string {
    return join(logDir, `${name}.log`);
}

/** Hands services to the sandbox's supervisor, which starts them at once and again whenever they end. */
export function startServices(services: Service[]): void {
    for (const { name, command, environment = {} } of services) {
        const exports = Object.entries(environment).map(([key, value]) => `export ${key}=${quote(value)}\n`);
        const script = `#!/bin/sh\nexec >> ${quote(logOf(name))} 2>&1\n${exports.join("")}exec ${command.map(quote).join(" ")}\n`;
        const folder = join(servicesDir, name);
        if (!existsSync(folder)) {
            mkdirSync(folder);
        }
        writeFileSync(join(folder, "run"), script, { mode: 0o755 });
    }
    run("s6-svscanctl", ["-a", servicesDir]);
}

/** Ends a service at once, and keeps it down until it is released. */
export function holdService(name: string): void {
    run("s6-svc", ["-dk", join(servicesDir, name)]);
}

/** Starts a service that was held. */
export function releaseService(name: string): void {
    run("s6-svc", ["-u", join(servicesDir, name)]);
}

function quote(word: string): string {
    return `'${word.replaceAll("'", `'\\''`)}'`;
}
