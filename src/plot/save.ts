import { readFile, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { setFlagsFromString } from "node:v8";
import { packageFile } from "../native.js";

/**
 * Writes a picture: as it is to a `.svg` file, rendered to a `.png` file. Local.
 *
 * The renderer (wasm) and its font are loaded on first use, so that a rank that draws nothing pays nothing.
 *
 * @param scale - Pixels of the PNG per unit of the SVG. Default 1.2: 1920 pixels for a width of 1600.
 * @throws {RangeError} If the file name ends with neither.
 */
export async function saveFigure(path: string, svg: string, scale = 1.2): Promise<void> {
  const kind = extname(path).toLowerCase();
  if (kind === ".svg") return writeFile(path, svg);
  if (kind === ".png") return writeFile(path, await renderPng(svg, scale));
  throw new RangeError(`saveFigure: ${path} ends with "${kind}"; use .png or .svg`);
}

/**
 * The picture as the bytes of a PNG file. Local.
 *
 * V8 optimizes no WebAssembly meanwhile: for one picture that took 100 MiB and half of the time.
 */
export async function renderPng(svg: string, scale = 1.2): Promise<Uint8Array> {
  setFlagsFromString("--liftoff-only");
  try {
    renderer ??= loadRenderer();
    return rasterize(await renderer, svg, scale);
  } finally {
    setFlagsFromString("--no-liftoff-only");
  }
}

function rasterize({ Resvg, fonts }: Renderer, svg: string, scale: number): Uint8Array {
  const image = new Resvg(svg, {
    fitTo: { mode: "zoom", value: scale },
    font: { fontBuffers: fonts, defaultFontFamily: "Inter", sansSerifFamily: "Inter" },
  });
  const rendered = image.render();
  try {
    return rendered.asPng();
  } finally {
    rendered.free();
    image.free();
  }
}

type Renderer = Awaited<ReturnType<typeof loadRenderer>>;
let renderer: Promise<Renderer> | undefined; // wasm can be initialised once only

async function loadRenderer() {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  await initWasm(await readFile(packageFile("@resvg/resvg-wasm/index_bg.wasm")));
  const weights = [400, 600].map((weight) => `@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
  const fonts = await Promise.all(
    weights.map(async (file) => new Uint8Array(await readFile(packageFile(file)))),
  );
  return { Resvg, fonts };
}
