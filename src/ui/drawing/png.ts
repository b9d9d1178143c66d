/** A chart as pixels, of the very SVG that is shown elsewhere. The font comes along: a server has often none. */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { initWasm, Resvg } from "@resvg/resvg-wasm";

/** So many pixels for one of the drawing: sharp on a dense screen, and in print. */
const SCALE = 2;
const FAMILY = "Inter";
const require = createRequire(import.meta.url);
/** The two weights that the drawing uses. */
const FONTS = [
  require.resolve("@expo-google-fonts/inter/400Regular/Inter_400Regular.ttf"),
  require.resolve("@expo-google-fonts/inter/600SemiBold/Inter_600SemiBold.ttf"),
];
let renderer: Promise<Uint8Array[]> | null = null;

/** The bytes of a PNG file, in the colours of a printed page. The same SVG gives the same bytes. */
export async function drawPng(svg: string): Promise<Uint8Array> {
  renderer ??= loadRenderer();
  const font = { fontBuffers: await renderer, defaultFontFamily: FAMILY, sansSerifFamily: FAMILY };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: SCALE }, font }).render().asPng();
}

/** Once in a process; gives the fonts. */
async function loadRenderer(): Promise<Uint8Array[]> {
  await initWasm(await readFile(require.resolve("@resvg/resvg-wasm/index_bg.wasm")));
  return Promise.all(FONTS.map((file) => readFile(file)));
}
