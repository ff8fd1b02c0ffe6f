/** The script of docs/topology.html: it reads the fields, and shows what `explain` says of them. */
import { type Explained, explain, type PoolExplained } from "./explain";
import { argumentsOf, hashOf, poolFields, poolPrefix, poolsIn, type Typed, typedIn } from "./typed";

export { argumentsOf, explain, typedIn };

function start(): void {
    const form = element<HTMLFormElement>("arguments");
    const further = element("further");
    const drop = element<HTMLButtonElement>("drop");

    const inputs = () => [...form.querySelectorAll("input")];
    const typed = (): Typed => Object.fromEntries(inputs().map(({ name, value }) => [name, value.trim()]));

    function showPools(count: number): void {
        while (further.children.length > count - 1) {
            further.lastElementChild?.remove();
        }
        while (further.children.length < count - 1) {
            further.append(poolFieldset(further.children.length + 1));
        }
        drop.hidden = count === 1;
    }

    function read(): void {
        const given = typedIn(location.hash);
        showPools(poolsIn(given));
        for (const input of inputs()) {
            input.value = given[input.name] ?? "";
        }
        update();
    }

    function update(): void {
        const { args, zones } = argumentsOf(typed());
        element("result").replaceChildren(...shown(explain(args, zones)));
    }

    function changed(): void {
        history.replaceState(null, "", `#${hashOf(typed())}`);
        update();
    }

    element("add").addEventListener("click", () => {
        showPools(further.children.length + 2);
        further.lastElementChild?.querySelector("input")?.focus();
        changed();
    });
    drop.addEventListener("click", () => {
        showPools(further.children.length);
        changed();
    });
    form.addEventListener("input", changed);
    form.addEventListener("submit", (event) => event.preventDefault());
    addEventListener("hashchange", read);
    read();
}

/** The fields of the first pool, for a further one. */
function poolFieldset(pool: number): HTMLElement {
    const fieldset = make("fieldset", {}, [make("legend", {}, [`Pool ${pool + 1}: expansionPools[${pool - 1}]`])]);
    for (const field of poolFields) {
        const name = poolPrefix(pool) + field;
        const input = make("input", { id: name, name, autocomplete: "off", placeholder: "as in the first pool" });
        fieldset.append(make("label", { for: name }, [field, input]));
    }
    return fieldset;
}

function shown({ problems, warnings, rows, pools }: Explained): HTMLElement[] {
    if (problems.length > 0) {
        return [make("h2", {}, ["Refused, as a preview would"]), list(problems, "problems")];
    }
    return [
        ...(warnings.length > 0 ? [make("h2", {}, ["Warned of"]), list(warnings, "warnings")] : []),
        make("h2", {}, ["The cluster"]),
        table(rows),
        ...pools.flatMap((pool, index) => poolShown(pool, index)),
    ];
}

function poolShown({ name, rows, stages, servers }: PoolExplained, index: number): HTMLElement[] {
    return [
        make("h2", {}, [`Pool ${index + 1}: StatefulSet ${name}`]),
        ...(servers.length > 0 ? [drawing(name, servers)] : []),
        table(rows),
        make("h3", {}, ["Servers of the pool that are gone at the same time"]),
        make(
            "table",
            { class: "stages" },
            stages.map(({ gone, possible }) =>
                make("tr", { class: possible.replaceAll(" ", "-") }, [
                    make("th", { scope: "row" }, [gone]),
                    make("td", {}, [possible]),
                ]),
            ),
        ),
    ];
}

/** A box for each server, and in it a square for each drive, with the number of its erasure set. */
function drawing(name: string, servers: number[][]): HTMLElement {
    const boxes = servers.map((sets, server) =>
        make("li", {}, [
            `${name}-${server} `,
            ...sets.map((set, drive) =>
                make("span", { class: `drive set${set % 4}`, title: `drive ${drive}, erasure set ${set + 1}` }, [
                    String(set + 1),
                ]),
            ),
        ]),
    );
    return make("ul", { class: "servers", "aria-label": "Servers, and of each drive the number of its erasure set" }, [
        ...boxes,
    ]);
}

function table(rows: [string, string][]): HTMLElement {
    const cells = ([what, value]: [string, string]) => [make("th", { scope: "row" }, [what]), make("td", {}, [value])];
    return make(
        "table",
        {},
        rows.map((row) => make("tr", {}, cells(row))),
    );
}

function list(items: string[], kind: string): HTMLElement {
    return make(
        "ul",
        { class: kind },
        items.map((item) => make("li", {}, [item])),
    );
}

/** Content is text, and never markup: it has what was typed. */
function make<Name extends keyof HTMLElementTagNameMap>(
    name: Name,
    attributes: Record<string, string>,
    content: (string | Node)[] = [],
): HTMLElementTagNameMap[Name] {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
        made.setAttribute(key, value);
    }
    made.append(...content);
    return made;
}

function element<Kind extends HTMLElement = HTMLElement>(id: string): Kind {
    return document.getElementById(id) as Kind;
}

// A test loads the script without a page.
if (typeof document !== "undefined") {
    start();
}
