import type { Knob, Knobs } from "../src/knobs.js";

const INDENT = 26;
const WIDTH = 118;

/** The options of a table, a line or two for each. Local, pure. */
export function listOptions(knobs: Knobs): string {
  return Object.entries(knobs)
    .filter(([, { help }]) => help !== "")
    .map(([name, knob]) => entry(spelling(name, knob), text(knob)))
    .join("\n");
}

/** Where the options of a table are explained, and which they are. Local, pure. */
export function referTo(topic: string, knobs: Knobs): string {
  return entry(
    `--help ${topic}`,
    Object.keys(knobs)
      .map((name) => `--${name}`)
      .join(", "),
  );
}

/** As in `-n, --np N`. Local, pure. */
function spelling(name: string, { short, value, bare, default: standard }: Knob): string {
  const first = short === undefined ? "" : `${short}, `;
  if (value === undefined) return `${first}--${standard === undefined ? "" : "[no-]"}${name}`;
  return `${first}--${name}${bare ? `[=${value}]` : ` ${value}`}`;
}

function text({ help, aliases = [], default: standard }: Knob): string {
  const also = aliases.length === 0 ? [] : [`also ${aliases.join(", ")}`];
  const remarks = [...also, ...(standard === undefined ? [] : [`default ${standard}`])];
  return remarks.length === 0 ? help : `${help} (${remarks.join("; ")})`;
}

/** A text beside a name, wrapped. */
function entry(name: string, text: string): string {
  const lines: string[] = [];
  let line = `  ${name}`.padEnd(INDENT - 1);
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = " ".repeat(INDENT - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line].join("\n");
}
