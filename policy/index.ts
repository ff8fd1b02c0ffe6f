/**
 * A policy pack for stacks with a MinioCluster: `pulumi preview --policy-pack policy`.
 *
 * Every rule is mandatory; `--policy-pack-config FILE` makes one advisory, or tells which stacks are production. See
 * docs/policy.md.
 */
import { type Policy, type PolicyConfigSchema, PolicyPack, type ResourceValidationPolicy } from "@pulumi/policy";
import {
    credentialsAreNotDefault,
    dataIsRetained,
    disruptionBudgetIsPresent,
    imageIsPinned,
    onlyIn,
    type Rule,
    serversAreEven,
} from "./rules";

const productionStacks: PolicyConfigSchema = {
    properties: { stacks: { type: "array", items: { type: "string" }, default: ["prod", "production"] } },
};

/** Asked for each resource before it is made. */
function ofResource(policy: Policy, rule: Rule): ResourceValidationPolicy {
    const inProduction = policy.configSchema === productionStacks;
    return {
        ...policy,
        validateResource(resource, report) {
            const asked = inProduction ? onlyIn(resource.getConfig<{ stacks: string[] }>().stacks, rule) : rule;
            for (const { message } of asked([resource])) {
                report(message);
            }
        },
    };
}

/** Asked at the end of a preview or an update, for rules that look at several resources, or at those that are only read. */
function ofStack(policy: Policy, rule: Rule) {
    return {
        ...policy,
        validateStack(
            { resources }: { resources: Parameters<Rule>[0] },
            report: (message: string, urn?: string) => void,
        ) {
            for (const { message, urn } of rule(resources)) {
                report(message, urn);
            }
        },
    };
}

new PolicyPack("minio-cluster", {
    enforcementLevel: "mandatory",
    policies: [
        ofResource(
            { name: "minio-image-is-pinned", description: "The servers' image names a version or a digest." },
            imageIsPinned,
        ),
        ofStack(
            {
                name: "minio-credentials-are-not-default",
                description: "The root password is none that everybody knows.",
            },
            credentialsAreNotDefault,
        ),
        ofStack(
            {
                name: "minio-disruption-budget-is-present",
                description: "Each pool has a budget for voluntary disruptions.",
            },
            disruptionBudgetIsPresent,
        ),
        ofResource(
            {
                name: "minio-data-is-retained-in-production",
                description: "Production keeps the drives' claims.",
                configSchema: productionStacks,
            },
            dataIsRetained,
        ),
        ofResource(
            {
                name: "minio-servers-are-even-in-production",
                description: "Production has an even number of at least four servers in each pool.",
                configSchema: productionStacks,
            },
            serversAreEven,
        ),
    ],
});
