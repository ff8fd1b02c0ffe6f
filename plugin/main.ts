#!/usr/bin/env node
/**
 * pulumi-resource-minio-cluster: serves the components to programs in every Pulumi language.
 *
 * npm installs it as a command, which Pulumi finds by its name. It has the schema at hand, where Pulumi's own host for
 * components, which PulumiPlugin.yaml asks for, makes it from the sources whenever it starts: some seconds in each preview.
 */
import { type ComponentResource, type ComponentResourceOptions, isSecret, type Output } from "@pulumi/pulumi";
import * as provider from "@pulumi/pulumi/provider";
import { element } from "../components/basics/element";
import { MinioAccess } from "../components/minioAccess";
import { MinioCluster } from "../components/minioCluster";
import { endingAlone } from "../components/pulumi/endProgram";
import { InvalidArgumentsError } from "../components/spec/checkedSpec";
import schema from "./schema.json";

type Component = new (name: string, args: never, options?: ComponentResourceOptions) => ComponentResource;

const components: Record<keyof typeof schema.resources, Component> = {
    "minio-cluster:index:MinioCluster": MinioCluster,
    "minio-cluster:index:MinioAccess": MinioAccess,
};

const served: provider.Provider = {
    version: schema.version,
    schema: JSON.stringify(schema),
    construct(name, type, inputs, options) {
        return endingAlone(async () => {
            if (!isServed(type)) {
                throw new Error(
                    `there is no component ${type} in this package: use ${Object.keys(components).join(" or ")}`,
                );
            }
            const made = construct(components[type], name, inputs as never, options);
            const outputs = made as unknown as Record<string, Output<unknown>>;
            const names = Object.keys(schema.resources[type].properties);
            const state = Object.fromEntries(names.map((name) => [name, outputs[name] as Output<unknown>]));
            await Promise.all(Object.values(state).map(isSecret)); // Known when all else of an output is.
            return { urn: made.urn, state };
        });
    },
};

function isServed(type: string): type is keyof typeof components {
    return Object.hasOwn(components, type);
}

/** Pulumi shows each problem at its property, so that the error itself need not repeat them. */
function construct(Made: Component, ...[name, args, options]: ConstructorParameters<Component>): ComponentResource {
    try {
        return new Made(name, args, options);
    } catch (error) {
        if (error instanceof InvalidArgumentsError) {
            error.message = element(error.message.split("\n"), 0);
        }
        throw error;
    }
}

void provider.main(served, process.argv.slice(2));
