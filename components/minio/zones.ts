/** How many servers a lost zone takes with it, and in how many zones they must be for a pool to bear that. Pure. */

/**
 * Most servers in one zone, where the numbers of any two zones differ by at most `maxSkew`, and no zone has fewer than
 * none.
 */
export function mostInAZone(servers: number, zones: number, maxSkew: number): number {
    return Math.min(servers, Math.floor((servers + (zones - 1) * maxSkew) / zones));
}

/**
 * In how many zones the servers must be, so that any one of them may be lost.
 *
 * @param mayFail so many servers may be gone
 * @returns undefined where no number of zones is enough
 */
export function zonesNeeded(servers: number, mayFail: number, maxSkew: number): number | undefined {
    for (let zones = 2; zones <= servers; zones++) {
        if (mostInAZone(servers, zones, maxSkew) <= mayFail) {
            return zones;
        }
    }
    return undefined;
}
