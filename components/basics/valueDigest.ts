import { scryptSync } from "node:crypto";

/** A list of guesses takes its time with it, and a component with fifty variables half a second. */
const cost = 4096;

/**
 * Tells whether a secret value is another one, and stands where more people read than the value does. So it is slow to
 * make for a list of guesses, and so short that many guesses fit it. MinIO leaves out what is around a value, such as a
 * line break, and so does it.
 *
 * @param purpose what the value is for: the same value elsewhere has another digest
 */
export function valueDigest(value: string | Buffer, ...purpose: string[]): string {
    const bytes = Buffer.from(value).toString("latin1").trim();
    return scryptSync(Buffer.from(bytes, "latin1"), purpose.join("/"), 4, { cost }).toString("hex");
}
