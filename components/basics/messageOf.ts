/**
 * What something that was thrown says; never nothing. Node.js throws an AggregateError without a message where it
 * reaches none of a name's addresses.
 */
export function messageOf(error: unknown): string {
    if (!(error instanceof Error)) {
        return String(error);
    }
    const each = error instanceof AggregateError ? error.errors.map(messageOf) : [];
    return error.message || each.join("; ") || error.name;
}
