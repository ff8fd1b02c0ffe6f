import assert from "node:assert/strict";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { run, UserError } from "../../devcluster/shell";
import { installDebianPackages, missingDebianPackages } from "../../devcluster/toolchain/debian";
import { topologyPageFile } from "../../docs/topologyPage/build";

const address = pathToFileURL(topologyPageFile).href;
const isRoot = process.getuid?.() === 0;

/** docs/topology.html as a person uses it, by `make check-page`: Chromium is too much to install for `make test`. */
describe("docs/topology.html in Chromium", () => {
    let browser: Browser;
    let page: Page;
    const faults: string[] = [];
    const requests: string[] = [];

    before(async () => {
        const needed = { chromium: "chromium" };
        if (missingDebianPackages(needed).length > 0 && !isRoot) {
            throw new UserError("there is no chromium on PATH: install it, or run this as root on Debian");
        }
        installDebianPackages(needed);
        browser = await chromium.launch({
            executablePath: run("sh", ["-c", "command -v chromium"]).trim(),
            // Root has no sandbox. The others keep the browser from asking for its maker's servers.
            args: [
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                ...(isRoot ? ["--no-sandbox"] : []),
            ],
        });
    });
    after(() => browser?.close());

    beforeEach(async () => {
        page = await browser.newPage();
        page.on("pageerror", (error) => faults.push(String(error)));
        page.on("console", (message) => faults.push(message.text()));
        page.on("request", (request) => requests.push(request.url()));
    });
    afterEach(async () => {
        await page.close();
        assert.deepEqual(faults.splice(0), []);
        const asked = requests.splice(0).filter((url) => !url.startsWith(address) && !url.startsWith("data:"));
        assert.deepEqual(asked, [], "the page asks for more than itself");
    });

    const result = () => page.locator("#result").innerText();

    it("says what is typed, and keeps it in its address", async () => {
        await page.goto(address);
        assert.match(await result(), /minio-pdb, minAvailable: 3/);
        await page.getByLabel("replicas: servers").fill("8");
        await page.getByLabel("zones").fill("3");
        assert.match(await result(), /minio-pdb, minAvailable: 5/);
        assert.match(await result(), /stops neither writes nor reads with 3 zones/);
        assert.equal(await page.locator(".servers li").count(), 8);
        const link = page.url();
        assert.equal(new URL(link).hash, "#replicas=8&zones=3");
        await page.goto("about:blank");
        await page.goto(link);
        assert.equal(await page.getByLabel("replicas: servers").inputValue(), "8");
        assert.match(await result(), /minio-pdb, minAvailable: 5/);
    });

    it("adds pools and removes them, by the keyboard too", async () => {
        await page.goto(address);
        await page.getByRole("button", { name: "Add a pool" }).focus();
        await page.keyboard.press("Enter");
        await page.keyboard.type("8");
        assert.match(await result(), /Pool 2: StatefulSet minio-pool-1/);
        assert.equal(await page.locator(".servers li").count(), 12);
        await page.reload();
        assert.equal(await page.getByLabel("replicas").nth(1).inputValue(), "8");
        await page.getByRole("button", { name: "Remove the last pool" }).click();
        assert.doesNotMatch(await result(), /Pool 2/);
    });

    it("refuses what a preview refuses, and shows markup as text", async () => {
        await page.goto(address);
        await page.getByLabel("replicas: servers").fill("17");
        assert.match(await result(), /replicas: 17 is not allowed with 1 drive per server: MinIO cannot divide/);
        await page.getByLabel("storageSize").fill("<img src=x>");
        assert.match(await result(), /storageSize: '<img src=x>' is not allowed/);
        assert.equal(await page.locator("#result img").count(), 0);
    });

    // With what Chromium paints a page that has no background of its own.
    for (const [colorScheme, canvas] of [
        ["light", "rgb(255, 255, 255)"],
        ["dark", "rgb(18, 18, 18)"],
    ] as const) {
        it(`fits on a phone, with words that can be read, in ${colorScheme} mode`, async () => {
            await page.setViewportSize({ width: 360, height: 740 });
            await page.emulateMedia({ colorScheme });
            await page.goto(`${address}#replicas=16&drivesPerServer=4&expansionPools[0].replicas=16&zones=4`);
            assert.equal(await page.locator(".servers li").count(), 32);
            const widths = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
            assert.ok(widths[0] <= widths[1], `it is ${widths[0]} px wide`);
            assert.deepEqual(await lowContrasts(page, canvas), []);
        });
    }

    it("names each field for those who do not see it", async () => {
        await page.goto(`${address}#expansionPools[0].replicas=8`);
        const unnamed = await page.evaluate(() =>
            [...document.querySelectorAll("input")].filter(({ labels }) => !labels?.length).map(({ name }) => name),
        );
        assert.deepEqual(unnamed, []);
        assert.equal(await page.locator("#result").getAttribute("aria-live"), "polite");
    });
});

/** Words whose contrast is below 4.5, as WCAG's level AA asks for. */
async function lowContrasts(page: Page, canvas: string): Promise<string[]> {
    // No function with a name in it: the browser does not have what tsx makes of one.
    const words = await page.evaluate(() =>
        [...document.querySelectorAll("h1, h2, h3, p, th, td, li, span, legend, label, code, a")].map((element) => {
            const behind: string[] = [];
            for (let one: Element | null = element; one; one = one.parentElement) {
                behind.push(getComputedStyle(one).backgroundColor);
            }
            return { text: `${element.textContent}`, color: getComputedStyle(element).color, behind };
        }),
    );
    assert.ok(words.length > 100);
    return words.flatMap(({ text, color, behind }) => {
        const background = behind.find((one) => one !== "rgba(0, 0, 0, 0)") ?? canvas;
        const [dark, light] = [luminance(color), luminance(background)].sort((a, b) => a - b);
        const contrast = (light + 0.05) / (dark + 0.05);
        return contrast < 4.5 ? [`${text.slice(0, 30)}: ${contrast.toFixed(1)}`] : [];
    });
}

/** As WCAG defines it. */
function luminance(color: string): number {
    const [red, green, blue] = (color.match(/[\d.]+/g) ?? []).map((value) => {
        const part = Number(value) / 255;
        return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
