/** What the page has in the place of Node.js, of which the validation uses this much. */

/** None of the page's arguments is an address. */
function noAddress(): never {
    throw new Error("the page knows no addresses");
}

/** The validation measures text. */
const Text = { byteLength: (text: string) => new TextEncoder().encode(text).length };

export { noAddress as isIP, noAddress as isIPv4, noAddress as isIPv6, Text as Buffer };
