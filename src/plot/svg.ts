/** Attribute values of an SVG element; `undefined` leaves an attribute out, numbers are rounded to 1/100. */
type Attributes = Readonly<Record<string, string | number | undefined>>;

/** One SVG element as text. Children are SVG; put text through {@link escape} first. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const list = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? round(value) : escape(value ?? "")}"`);
  const start = `<${name}${list.join("")}`;
  return children.length > 0 ? `${start}>${children.join("")}</${name}>` : `${start}/>`;
}

export function group(x: number, y: number, ...children: readonly string[]): string {
  return element("g", { transform: `translate(${round(x)},${round(y)})` }, ...children);
}

export interface TextStyle {
  size?: number;
  weight?: 400 | 600;
  colour?: string;
  anchor?: "start" | "middle" | "end";
  /** Degrees, clockwise. */
  rotate?: number;
}

/** A line of text whose vertical middle is at `y`. `^{…}` in it is written above the line. */
export function label(x: number, y: number, content: string, style: TextStyle = {}): string {
  const { size = 15, weight = 400, colour = INK, anchor = "middle", rotate } = style;
  const raised = (_: string, exponent: string) =>
    `<tspan dy="${round(-0.38 * size)}" font-size="${round(0.72 * size)}">${exponent}</tspan>`;
  return element(
    "text",
    {
      x,
      y: y + 0.35 * size,
      "font-size": size,
      "font-weight": weight === 400 ? undefined : weight,
      fill: colour,
      "text-anchor": anchor,
      transform: rotate === undefined ? undefined : `rotate(${rotate} ${round(x)} ${round(y)})`,
    },
    escape(content).replace(/\^\{([^}]*)\}/g, raised),
  );
}

export function line(x1: number, y1: number, x2: number, y2: number, stroke: string, width = 1): string {
  return element("line", { x1, y1, x2, y2, stroke, "stroke-width": width });
}

/** A whole picture on a white ground. */
export function page(width: number, height: number, ...children: readonly string[]): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      "xmlns:xlink": "http://www.w3.org/1999/xlink",
      width,
      height,
      viewBox: `0 0 ${width} ${height}`,
      "font-family": FONTS,
    },
    element("rect", { width, height, fill: "#ffffff" }),
    ...children,
  );
}

export function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

export const INK = "#1f2933";
export const QUIET = "#66727f";
export const FAINT = "#e4e8ec";
const FONTS = "Inter, Helvetica Neue, Arial, sans-serif";

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
