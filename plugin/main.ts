#!/usr/bin/env node
/**
 * pulumi-resource-minio-cluster: serves MinioCluster to programs in every Pulumi language.
 *
 * npm installs it as a command, which Pulumi finds by its name. It has the schema at hand, where Pulumi's own host for
 * components, which PulumiPlugin.yaml asks for, makes it from the sources whenever it starts: some seconds in each preview.
 */
import * as provider from "@pulumi/pulumi/provider";
import { MinioCluster } from "../components/minioCluster";
import { InvalidArgumentsError } from "../components/spec";
import schema from "./schema.json";

const [[token, { properties }]] = Object.entries(schema.resources);

const minioCluster: provider.Provider = {
    version: schema.version,
    schema: JSON.stringify(schema),
    async construct(name, type, inputs, options) {
        if (type !== token) {
            throw new Error(`there is no component ${type} in this package: use ${token}`);
        }
        const cluster = construct(name, inputs, options);
        const outputs = Object.keys(properties) as (keyof typeof properties)[];
        return { urn: cluster.urn, state: Object.fromEntries(outputs.map((output) => [output, cluster[output]])) };
    },
};

/** Pulumi shows each problem at its property, so that the error itself need not repeat them. */
function construct(...[name, args, options]: ConstructorParameters<typeof MinioCluster>): MinioCluster {
    try {
        return new MinioCluster(name, args, options);
    } catch (error) {
        if (error instanceof InvalidArgumentsError) {
            error.message = error.message.split("\n")[0];
        }
        throw error;
    }
}

void provider.main(minioCluster, process.argv.slice(2));
