import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";

/**
 * Fails unless a document shows this text as its sample of that name. With `UPDATE_DOCS=1` it is written there instead.
 *
 * @param guide the document, in which `<!-- sample NAME -->` and `<!-- end -->` stand around the sample
 */
export function assertShown(guide: string, sample: string, text: string): void {
    const before = readFileSync(guide, "utf8");
    const place = new RegExp(`(<!-- sample ${sample} -->\n).*?(?=<!-- end -->)`, "s");
    const after = before.replace(place, (_, start) => `${start}\n${text}\n`);
    assert.match(before, place);
    if (process.env.UPDATE_DOCS) {
        writeFileSync(guide, after);
    } else {
        assert.equal(after, before, `${guide} shows another ${sample}`);
    }
}
