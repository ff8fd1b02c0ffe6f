/** What the plots of the benchmarks are drawn with. */

/** A coordinate, as exactly as anybody sees. */
export const at = (value: number) => Number(value.toFixed(1));

export const escaped = (words: string) => words.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** How a drawing begins. It ends with `</svg>`. */
export function begin(width: number, height: number, title: string): string[] {
    const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
    return [`<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`, `<title>${escaped(title)}</title>`];
}

/** @param kind a class of the plot's style */
export function text(x: number, y: number, words: string, kind: string): string {
    return `<text class="${kind}" x="${at(x)}" y="${at(y)}">${escaped(words)}</text>`;
}
