/**
 * A text of somebody else's in which nothing acts on a terminal, hides, or begins a line of its own (where a CI system may take
 * it for a command): control and format characters, but for the tab, are shown as `\\u{…}`.
 */
export function printable(text: string): string {
    return text.replace(
        /(?!\t)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
        (character) => `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
    );
}
