/** What a function makes of each of two things. */
export function both<T, R>(one: T, other: T, make: (thing: T) => R): [one: R, other: R] {
    return [make(one), make(other)];
}
