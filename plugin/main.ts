#!/usr/bin/env node
/**
 * pulumi-resource-minio-cluster: serves MinioCluster to programs in every Pulumi language.
 *
 * npm installs it as a command, which Pulumi finds by its name. It has the schema at hand, where Pulumi's own host for
 * components, which PulumiPlugin.yaml asks for, makes it from the sources whenever it starts: some seconds in each preview.
 */
import { isSecret, type Output } from "@pulumi/pulumi";
import * as provider from "@pulumi/pulumi/provider";
import { element } from "../components/basics/element";
import { MinioCluster } from "../components/minioCluster";
import { endingAlone } from "../components/pulumi/endProgram";
import { InvalidArgumentsError } from "../components/spec/checkedSpec";
import schema from "./schema.json";

const [token, { properties }] = element(Object.entries(schema.resources), 0);

const minioCluster: provider.Provider = {
    version: schema.version,
    schema: JSON.stringify(schema),
    construct(name, type, inputs, options) {
        return endingAlone(async () => {
            if (type !== token) {
                throw new Error(`there is no component ${type} in this package: use ${token}`);
            }
            const cluster = construct(name, inputs, options);
            const names = Object.keys(properties) as (keyof typeof properties)[];
            const state = Object.fromEntries(names.map((name): [string, Output<unknown>] => [name, cluster[name]]));
            await Promise.all(Object.values(state).map(isSecret)); // Known when all else of an output is.
            return { urn: cluster.urn, state };
        });
    },
};

/** Pulumi shows each problem at its property, so that the error itself need not repeat them. */
function construct(...[name, args, options]: ConstructorParameters<typeof MinioCluster>): MinioCluster {
    try {
        return new MinioCluster(name, args, options);
    } catch (error) {
        if (error instanceof InvalidArgumentsError) {
            error.message = element(error.message.split("\n"), 0);
        }
        throw error;
    }
}

void provider.main(minioCluster, process.argv.slice(2));
