/**
 * How a resource takes over an object that is there already. Pulumi's Kubernetes provider refuses to create it again since 4.29, and
 * without server-side apply it always has. So the object is imported, which is done once: the state knows it afterwards.
 *
 * What the provider reads of an object depends on its kind: of one that its schema does not know, no more than the name. The program
 * may say more, which would be a change of what is there. So all stays as it was read.
 */
export function takenOver(name: string, namespace?: string): { import: string; ignoreChanges: string[] } {
    return {
        import: namespace === undefined ? name : `${namespace}/${name}`,
        ignoreChanges: ["metadata", "spec", "data"],
    };
}
