/** Does some work when it is called first, and gives the same result later. */
export function once<T>(work: () => Promise<T>): () => Promise<T> {
    let done: Promise<T> | undefined;
    return () => {
        done ??= work();
        return done;
    };
}

/** As `once`, but does it again as long as it fails. */
export function onceDone<T extends object>(work: () => Promise<T>): () => Promise<T> {
    let done: T | undefined;
    return async () => {
        done ??= await work();
        return done;
    };
}
