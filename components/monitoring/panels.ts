/** Panels of a Grafana dashboard, as far as this one needs them. Pure. */

/** A panel that has no place yet. */
export interface Panel {
    type: "heatmap" | "row" | "stat" | "state-timeline" | "timeseries";
    title: string;
    /** Width of 24 columns, and height in rows of 30 pixels. */
    size: { w: number; h: number };
    [field: string]: unknown;
}

/** What a value is shown as. */
export type Texts = Record<number, { text: string; color: string }>;

export interface Section {
    title: string;
    panels: Panel[];
}

// The variable's value: the Prometheus that is chosen in the dashboard.
const datasource = { type: "prometheus", uid: "$datasource" };

const wholeWidth = 24;
const third = { w: 8, h: 8 };

export function section(title: string, panels: Panel[]): Section {
    return { title, panels };
}

/**
 * Lines over time.
 *
 * @param unit one of Grafana's: `s`, `bytes`, `reqps`, …
 * @param queries PromQL by what names its lines
 */
export function lines(
    title: string,
    unit: string,
    queries: Record<string, string>,
    { description, from, to }: { description?: string; from?: number; to?: number } = {},
): Panel {
    return {
        type: "timeseries",
        title,
        description,
        size: third,
        datasource,
        targets: Object.entries(queries).map(([legend, expr], index) => target(expr, legend, index)),
        fieldConfig: {
            defaults: { unit, min: from, max: to, custom: { fillOpacity: 5, showPoints: "never" } },
            overrides: [],
        },
        options: { tooltip: { mode: "multi", sort: "desc" }, legend: { displayMode: "list", placement: "bottom" } },
    };
}

/**
 * One value, the newest.
 *
 * @param options `warnAt`: from this value on it is red; `texts`: what stands for values
 */
export function stat(
    title: string,
    unit: string,
    expr: string,
    { description, warnAt, texts }: { description?: string; warnAt?: number; texts?: Texts } = {},
): Panel {
    const steps = [{ color: "green", value: null }, ...(warnAt === undefined ? [] : [{ color: "red", value: warnAt }])];
    return {
        type: "stat",
        title,
        description,
        size: { w: 4, h: 4 },
        datasource,
        targets: [target(expr, title, 0)],
        fieldConfig: {
            defaults: { unit, thresholds: { mode: "absolute", steps }, mappings: mappings(texts) },
            overrides: [],
        },
        options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "none" },
    };
}

/** What each line was when, in colours. */
export function timeline(title: string, expr: string, legend: string, texts: Texts): Panel {
    return {
        type: "state-timeline",
        title,
        size: third,
        datasource,
        targets: [target(expr, legend, 0)],
        fieldConfig: { defaults: { mappings: mappings(texts) }, overrides: [] },
        options: { mergeValues: true, showValue: "never", legend: { displayMode: "list", placement: "bottom" } },
    };
}

/** How often which bucket of a histogram was met, over time. */
export function heatmap(title: string, unit: string, expr: string): Panel {
    return {
        type: "heatmap",
        title,
        size: third,
        datasource,
        targets: [{ ...target(expr, "{{le}}", 0), format: "heatmap" }],
        options: { calculate: false, yAxis: { unit }, color: { scheme: "Oranges" }, cellGap: 1 },
    };
}

function target(expr: string, legendFormat: string, index: number) {
    return { refId: String.fromCharCode("A".charCodeAt(0) + index), datasource, expr, legendFormat };
}

function mappings(texts: Texts = {}) {
    return [{ type: "value", options: texts }];
}

/** The panels in rows as wide as the dashboard, each section under its title. */
export function placed(sections: Section[]): object[] {
    const result: object[] = [];
    let y = 0;
    const place = ({ size, ...panel }: Panel, x: number) => {
        result.push({ id: result.length + 1, ...panel, gridPos: { x, y, ...size } });
    };
    for (const { title, panels } of sections) {
        place({ type: "row", title, size: { w: wholeWidth, h: 1 }, collapsed: false, panels: [] }, 0);
        y += 1;
        let x = 0;
        let height = 0;
        for (const panel of panels) {
            if (x + panel.size.w > wholeWidth) {
                y += height;
                x = 0;
                height = 0;
            }
            place(panel, x);
            x += panel.size.w;
            height = Math.max(height, panel.size.h);
        }
        y += height;
    }
    return result;
}
