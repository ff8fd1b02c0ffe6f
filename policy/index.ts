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
    imageHasNoKnownFlaw,
    imageIsPinned,
    onlyIn,
    type Rule,
    serversAreEven,
} from "./rules";

const productionStacks: PolicyConfigSchema = {
    properties: { stacks: { type: "array", items: { type: "string" }, default: ["prod", "prd", "production"] } },
};

const acceptedFlaws: PolicyConfigSchema = {
    properties: { accepted: { type: "array", items: { type: "string" }, default: [] } },
};

/** Asked for each resource before it is made. */
function ofResource<Config extends object>(policy: Policy, ruleOf: (config: Config) => Rule): ResourceValidationPolicy {
    return {
        ...policy,
        validateResource(resource, report) {
            for (const { message } of ruleOf(resource.getConfig<Config>())([resource])) {
                report(message);
            }
        },
    };
}

function inProduction(policy: Policy, rule: Rule): ResourceValidationPolicy {
    return ofResource<{ stacks: string[] }>({ ...policy, configSchema: productionStacks }, ({ stacks }) =>
        onlyIn(stacks, rule),
    );
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
            () => imageIsPinned,
        ),
        ofResource<{ accepted: string[] }>(
            {
                name: "minio-image-has-no-known-flaw",
                description: "The servers have no public flaw that a later release has mended.",
                configSchema: acceptedFlaws,
            },
            ({ accepted }) => imageHasNoKnownFlaw(accepted),
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
        inProduction(
            { name: "minio-data-is-retained-in-production", description: "Production keeps the drives' claims." },
            dataIsRetained,
        ),
        inProduction(
            {
                name: "minio-servers-are-even-in-production",
                description: "Production has an even number of at least four servers in each pool.",
            },
            serversAreEven,
        ),
    ],
});
