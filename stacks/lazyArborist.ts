/**
 * `@pulumi/pulumi` loads npm's dependency resolver with itself: 440 modules, a tenth of a preview, and only for programs that
 * turn functions into resources, which none here does. So it is loaded when somebody first asks for it. To be imported before
 * all that loads `@pulumi/pulumi`.
 */
import Module, { createRequire } from "node:module";

const ofPulumi = createRequire(require.resolve("@pulumi/pulumi/package.json"));

/** Another version of `@pulumi/pulumi` may do without it. */
function find(): string | undefined {
    try {
        return ofPulumi.resolve("@npmcli/arborist");
    } catch {
        return undefined;
    }
}

export const arborist = find();

if (arborist && !require.cache[arborist]) {
    const placeholder = new Module(arborist);
    placeholder.loaded = true;
    placeholder.exports = {
        // As a module of this kind is used as it is: the properties of others are copied, and would be loaded by that.
        __esModule: true,
        get Arborist() {
            delete require.cache[arborist];
            return ofPulumi(arborist).Arborist;
        },
    };
    require.cache[arborist] = placeholder;
}
