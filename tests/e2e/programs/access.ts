import * as pulumi from "@pulumi/pulumi";
import { MinioAccess, type MinioAccessArgs } from "../../../index";

/** What an application of another stack needs of a cluster. */
const config = new pulumi.Config();
const declared = config.requireObject<Partial<MinioAccessArgs>>("declared");

export const { endpoint } = new MinioAccess("shop", {
    cluster: "minio",
    namespace: config.require("cluster"),
    ...declared,
});
