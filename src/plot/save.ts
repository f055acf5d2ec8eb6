import { readFile, writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { packageFile } from "../native.js";

/**
 * Writes a picture: as it is to a `.svg` file, rendered to a `.png` file. Local.
 *
 * The renderer (wasm) and its font are loaded on first use, so that a rank that draws nothing pays nothing.
 *
 * @param scale - Pixels of the PNG per unit of the SVG. Default 1.5.
 * @throws {RangeError} If the file name ends with neither.
 */
export async function saveFigure(path: string, svg: string, scale = 1.5): Promise<void> {
  const kind = extname(path).toLowerCase();
  if (kind === ".svg") return writeFile(path, svg);
  if (kind === ".png") return writeFile(path, await renderPng(svg, scale));
  throw new RangeError(`saveFigure: ${path} ends with "${kind}"; use .png or .svg`);
}

/** The picture as the bytes of a PNG file. Local. */
export async function renderPng(svg: string, scale = 1.5): Promise<Uint8Array> {
  renderer ??= loadRenderer();
  const { Resvg, fonts } = await renderer;
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

let renderer: ReturnType<typeof loadRenderer> | undefined; // wasm can be initialised once only

async function loadRenderer() {
  const { initWasm, Resvg } = await import("@resvg/resvg-wasm");
  await initWasm(await readFile(packageFile("@resvg/resvg-wasm/index_bg.wasm")));
  const weights = [400, 600].map((weight) => `@fontsource/inter/files/inter-latin-${weight}-normal.woff2`);
  const fonts = await Promise.all(
    weights.map(async (file) => new Uint8Array(await readFile(packageFile(file)))),
  );
  return { Resvg, fonts };
}
