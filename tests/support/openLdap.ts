import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run, startLogged, tail } from "../../devcluster/shell";
import { folderOf } from "../../devcluster/toolchain/component";
import { openLdap } from "../../devcluster/toolchain/components";
import { buildComponents } from "../../devcluster/toolchain/install";
import { freePorts } from "./freePorts";
import { until } from "./until";

export const suffix = "dc=example,dc=org";
/** Whom MinIO looks up users as. */
export const lookupDn = `cn=minio,ou=services,${suffix}`;

export interface Person {
    password: string;
    groups: string[];
}

export interface DirectoryOptions {
    /** An address of this machine. */
    host: string;
    /** For this address, and the certificate of who signed it. */
    tls: { certificate: string; key: string; authority: string };
    lookupPassword: string;
    /** By their `uid`, in `ou=people`; the groups are in `ou=groups`. */
    people: Record<string, Person>;
}

/** A real OpenLDAP with TLS, on this machine. Who has not signed in finds nothing in it, as in most companies. */
export class OpenLdap {
    /** `HOST:PORT` */
    address = "";
    private readonly folder = mkdtempSync(join(tmpdir(), "minio-ldap-"));
    private running?: ChildProcess;
    private readonly kill = () => this.running?.kill("SIGKILL");

    constructor(private readonly options: DirectoryOptions) {}

    static personDn(uid: string): string {
        return `uid=${uid},ou=people,${suffix}`;
    }

    static groupDn(name: string): string {
        return `cn=${name},ou=groups,${suffix}`;
    }

    async start(): Promise<void> {
        await buildComponents([openLdap]);
        const { host, tls } = this.options;
        this.address = `${host}:${await freePorts(1)}`;
        mkdirSync(join(this.folder, "data"));
        const files = { ...tls, configuration: this.configuration(), entries: this.entries() };
        for (const [name, text] of Object.entries(files)) {
            writeFileSync(this.file(name), text, { mode: 0o600 });
        }
        run(this.program, ["-Tadd", "-f", this.file("configuration"), "-l", this.file("entries")], {
            env: this.environment,
        });
        await this.resume();
    }

    /** Starts it again after a stop, with what it had. */
    async resume(): Promise<void> {
        const log = this.file("log");
        const args = ["-d", "none", "-f", this.file("configuration"), "-h", `ldaps://${this.address}/`];
        this.running = startLogged(this.program, args, log, { env: this.environment });
        process.on("exit", this.kill);
        await until("OpenLDAP listens", () => this.listens(), { seconds: 20, why: () => tail(log, 15) });
    }

    async stop(): Promise<void> {
        const running = this.running;
        this.running = undefined;
        process.off("exit", this.kill);
        if (running && running.exitCode === null) {
            const ended = new Promise((resolve) => running.once("exit", resolve));
            running.kill("SIGTERM");
            await ended;
        }
    }

    async remove(): Promise<void> {
        await this.stop();
        rmSync(this.folder, { recursive: true, force: true });
    }

    private get program(): string {
        return join(folderOf(openLdap), "slapd");
    }

    private get environment(): NodeJS.ProcessEnv {
        return { PATH: process.env.PATH, LD_LIBRARY_PATH: join(folderOf(openLdap), "libraries") };
    }

    private file(name: string): string {
        return join(this.folder, name);
    }

    private listens(): Promise<boolean> {
        const [host, port] = this.address.split(":");
        return new Promise((resolve) => {
            const probe = connect(Number(port), host, () => resolve(true));
            probe.on("error", () => resolve(false));
            probe.on("connect", () => probe.destroy());
        });
    }

    private configuration(): string {
        const schemas = ["core", "cosine", "inetorgperson"];
        return [
            ...schemas.map((name) => `include ${folderOf(openLdap)}/schema/${name}.schema`),
            `modulepath ${folderOf(openLdap)}/modules`,
            "moduleload back_mdb",
            `TLSCACertificateFile ${this.file("authority")}`,
            `TLSCertificateFile ${this.file("certificate")}`,
            `TLSCertificateKeyFile ${this.file("key")}`,
            "database mdb",
            `suffix ${suffix}`,
            `directory ${this.file("data")}`,
            "access to attrs=userPassword by anonymous auth by * none",
            `access to * by dn.exact="${lookupDn}" read by * none`,
            "",
        ].join("\n");
    }

    private entries(): string {
        const { lookupPassword, people } = this.options;
        const unit = (name: string) => entry(`ou=${name},${suffix}`, { objectClass: "organizationalUnit" });
        const groups = [...new Set(Object.values(people).flatMap((person) => person.groups))];
        return [
            entry(suffix, { objectClass: ["dcObject", "organization"], o: "example" }),
            ...["people", "groups", "services"].map(unit),
            entry(lookupDn, {
                objectClass: ["organizationalRole", "simpleSecurityObject"],
                userPassword: lookupPassword,
            }),
            ...Object.entries(people).map(([uid, { password }]) =>
                entry(OpenLdap.personDn(uid), {
                    objectClass: "inetOrgPerson",
                    cn: uid,
                    sn: uid,
                    userPassword: password,
                }),
            ),
            ...groups.map((name) => {
                const members = Object.keys(people).filter((uid) => people[uid].groups.includes(name));
                return entry(OpenLdap.groupDn(name), {
                    objectClass: "groupOfNames",
                    member: members.map(OpenLdap.personDn),
                });
            }),
        ].join("\n");
    }
}

/** In LDIF. */
function entry(dn: string, attributes: Record<string, string | string[]>): string {
    const lines = Object.entries(attributes).flatMap(([name, values]) =>
        [values].flat().map((value) => `${name}: ${value}`),
    );
    return [`dn: ${dn}`, ...lines, ""].join("\n");
}
