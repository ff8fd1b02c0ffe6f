/**
 * An element that is there by how the list was made.
 *
 * @throws RangeError where it is not
 */
export function element<T>(list: ArrayLike<T>, index: number): T {
    const found = list[index];
    if (found === undefined) {
        throw new RangeError(`there is no element ${index} among ${list.length}`);
    }
    return found;
}
