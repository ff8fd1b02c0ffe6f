/** Draws what a topology means: servers, erasure sets, quorums, and what may fail. Pure: a topology in, SVG out. */
import { erasureSetOf, type PoolTopology, type Topology } from "../components/minio/topology";

const width = 760;
const margin = 20;
const serversInRow = 8;
const pitch = (width - 2 * margin) / serversInRow;
const driveSize = 16;
const drivesInRow = 4;

/** Okabe and Ito's colours, made lighter, which colour-blind readers tell apart; each drive bears its set's letter besides. */
const setColours = ["#9bd3f3", "#f2c266", "#7fcfb9", "#e4b8cf"];

const colours = { both: "#b7e1c5", reads: "#fbe3a1", neither: "#f4b9b4" };

const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-size: 17px; font-weight: 600 }
.head { font-weight: 600 }
.small { font-size: 11px; fill: #57606a }
.letter { font-size: 11px }
.long { font-size: 10px }
.page { fill: #ffffff; stroke: #d0d7de }
.server { fill: #f6f8fa; stroke: #8c959f }
.drive { stroke: #57606a }
.cell { stroke: #8c959f }
</style>`;

export function topologyDrawing(title: string, topology: Topology): string {
    const parts: string[] = [text(margin, 34, title, "title")];
    let y = 52;
    for (const [index, pool] of topology.pools.entries()) {
        const drawn = drawPool(pool, index, topology.pools.length > 1, y);
        parts.push(...drawn.parts);
        y = drawn.bottom + 24;
    }
    parts.push(text(margin, y, bootSentence(topology)));
    const height = y + margin;
    return [
        `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
        `<title>${title}</title>`,
        style,
        `<rect class="page" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
        ...parts,
        "</svg>\n",
    ].join("\n");
}

function drawPool(pool: PoolTopology, index: number, isOneOfSeveral: boolean, top: number) {
    const parts: string[] = [];
    let y = top;
    const name = index === 0 ? "minio" : `minio-pool-${index}`;
    if (isOneOfSeveral) {
        y += 14;
        parts.push(text(margin, y, `Pool ${index + 1}: StatefulSet ${name}`, "head"));
        y += 10;
    }
    const rows = Math.ceil(pool.drivesPerServer / drivesInRow);
    const serverHeight = 28 + rows * (driveSize + 3);
    for (let server = 0; server < pool.servers; server++) {
        const x = margin + (server % serversInRow) * pitch;
        const serverTop = y + Math.floor(server / serversInRow) * (serverHeight + 8);
        parts.push(...drawServer(`${name}-${server}`, pool, server, x, serverTop, serverHeight));
    }
    y += Math.ceil(pool.servers / serversInRow) * (serverHeight + 8) + 16;
    for (const sentence of sentencesOf(pool)) {
        parts.push(text(margin, y, sentence));
        y += 19;
    }
    y += 4;
    parts.push(text(margin, y, `Servers${isOneOfSeveral ? " of this pool" : ""} gone at once, whichever:`));
    parts.push(...drawLadder(pool, y + 8));
    return { parts, bottom: y + 8 + 24 + 17 };
}

function drawServer(name: string, pool: PoolTopology, server: number, x: number, y: number, height: number): string[] {
    const label = text(x + 5, y + 17, name, name.length > 12 ? "long" : "");
    const drives = Array.from({ length: pool.drivesPerServer }, (_, drive) => {
        const set = erasureSetOf(pool, server, drive);
        const left = x + 5 + (drive % drivesInRow) * (driveSize + 3);
        const top = y + 24 + Math.floor(drive / drivesInRow) * (driveSize + 3);
        const colour = setColours[set % setColours.length];
        return [
            `<rect class="drive" x="${left}" y="${top}" width="${driveSize}" height="${driveSize}" rx="2" fill="${colour}"/>`,
            text(left + 4, top + 12.5, letterOf(set), "letter"),
        ].join("");
    });
    return [
        `<rect class="server" x="${x}" y="${y}" width="${pitch - 8}" height="${height}" rx="4"/>`,
        label,
        ...drives,
    ];
}

/** A cell for each number of servers that may be gone, with what is still possible. */
function drawLadder(pool: PoolTopology, y: number): string[] {
    const cell = (width - 2 * margin) / (pool.servers + 1);
    const stages = [
        { what: "reads and writes", colour: colours.both, from: 0, to: pool.serversThatMayFailForWrites },
        {
            what: "reads",
            colour: colours.reads,
            from: pool.serversThatMayFailForWrites + 1,
            to: pool.serversThatMayFailForReads,
        },
        {
            what: "not every object",
            colour: colours.neither,
            from: pool.serversThatMayFailForReads + 1,
            to: pool.servers,
        },
    ].filter(({ from, to }) => from <= to);
    return stages.flatMap(({ what, colour, from, to }) => {
        const x = margin + from * cell;
        const cells = Array.from({ length: to - from + 1 }, (_, i) => [
            `<rect class="cell" x="${at(x + i * cell)}" y="${y}" width="${at(cell)}" height="24" fill="${colour}"/>`,
            text(x + (i + 0.5) * cell - 4, y + 16.5, String(from + i)),
        ]);
        return [...cells.flat(), text(x + 2, y + 24 + 15, what, "small")];
    });
}

function sentencesOf(pool: PoolTopology): string[] {
    const { erasureSets, erasureSetSize, parity, readQuorum, writeQuorum } = pool;
    const sets =
        erasureSets === 1
            ? `1 erasure set of ${erasureSetSize} drives.`
            : `${erasureSets} erasure sets of ${erasureSetSize} drives, A to ${letterOf(erasureSets - 1)}; an object lies in one of them.`;
    return [
        `${sets} Each object is ${readQuorum} data and ${parity} parity shards.`,
        `A read needs ${readQuorum} of the ${erasureSetSize} drives, a write ${writeQuorum}. ` +
            `${percent(readQuorum / erasureSetSize)} of the drives' capacity is for objects.`,
    ];
}

function bootSentence({ servers, bootQuorum }: Topology): string {
    return (
        `New version, arguments or MINIO_* variables: ${bootQuorum} of the ${servers} servers must have them ` +
        "before any of these serves."
    );
}

function letterOf(set: number): string {
    return String.fromCharCode("A".charCodeAt(0) + set);
}

function percent(part: number): string {
    return `${Math.round(part * 100)} %`;
}

function at(coordinate: number): string {
    return String(Math.round(coordinate * 10) / 10);
}

function text(x: number, y: number, content: string, kind = ""): string {
    return `<text x="${at(x)}" y="${at(y)}"${kind ? ` class="${kind}"` : ""}>${content}</text>`;
}
