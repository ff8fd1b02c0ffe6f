import { sleep } from "../../devcluster/shell";

/** Waits until something is so, without a word, and fails with what `why` tells when the time runs out. */
export async function until(
    what: string,
    isSo: () => boolean | Promise<boolean>,
    {
        seconds = 90,
        milliseconds = 100,
        why = () => "",
    }: { seconds?: number; milliseconds?: number; why?: () => string } = {},
): Promise<void> {
    const deadline = Date.now() + seconds * 1000;
    while (!(await isSo())) {
        if (Date.now() > deadline) {
            throw new Error(`${what}: not so after ${seconds} s\n${why()}`);
        }
        await sleep(milliseconds);
    }
}
