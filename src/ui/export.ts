/**
 * The page and a capsule in one file, to be sent to somebody or kept: no server, no network, nothing inline but what its own
 * policy names by hash.
 */
import { createHash } from "node:crypto";
import type { Assets } from "./assets.js";
import { capsuleOf } from "./capsule.js";
import type { Capsule } from "./protocol.js";
import type { Shown } from "./shown.js";

export interface PageReport {
  readonly html: string;
  readonly capsule: Pick<Capsule, "factsLeft" | "jobsLeft"> & { readonly moments: number };
}

/** The page of the build does not look as this program expects it. */
export class PageUnfit extends Error {
  readonly code = "page-unfit";
}

export async function exportPage(
  shown: Shown,
  assets: Assets,
  exportedAt: string,
  signal: AbortSignal,
): Promise<PageReport> {
  const capsule = await capsuleOf(shown, exportedAt, signal);
  const { frames, factsLeft, jobsLeft } = capsule;
  return { html: onePage(assets, capsule), capsule: { moments: frames.length, factsLeft, jobsLeft } };
}

const SCRIPT = /<script\b[^>]*\bsrc="([^"]+)"[^>]*><\/script>/g;
const STYLE = /<link\b[^>]*\brel="stylesheet"[^>]*>/g;
const ICON = /<link\b[^>]*\brel="icon"[^>]*>/g;
const OTHER_LINK = /<link\b[^>]*\brel="(?:modulepreload|preload|manifest)"[^>]*>/g;

/** Puts scripts, styles and icon of the built page into it, and the capsule. Throws `PageUnfit` if it cannot stand alone so. */
export function onePage(assets: Assets, capsule: Capsule): string {
  const page = textOf(assets, "/index.html");
  const scripts: string[] = [];
  const styles: string[] = [];
  const withoutParts = page
    .replaceAll(SCRIPT, (_tag, source: string) => {
      scripts.push(scriptText(textOf(assets, source)));
      return "";
    })
    .replaceAll(STYLE, (tag) => {
      styles.push(textOf(assets, hrefOf(tag)));
      return "";
    })
    .replaceAll(ICON, (tag) => iconOf(assets, hrefOf(tag)))
    .replaceAll(OTHER_LINK, "");
  if (scripts.length === 0) throw new PageUnfit("the built page has no script that could be put into it");
  const policy =
    `default-src 'none'; script-src ${scripts.map(hashOf).join(" ")}; style-src ${styles.map(hashOf).join(" ") || "'none'"}; ` +
    "img-src data:; base-uri 'none'; form-action 'none'";
  const head = [
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    ...styles.map((text) => `<style>${text}</style>`),
  ].join("\n");
  const body = [
    `<script type="application/json" id="capsule">${jsonText(capsule)}</script>`,
    ...scripts.map((text) => `<script type="module">${text}</script>`),
  ].join("\n");
  // Functions, because `$` has a meaning in a replacement that is a text.
  return withoutParts.replace(/<head\b[^>]*>/, (tag) => `${tag}\n${head}`).replace("</body>", () => `${body}\n</body>`);
}

/** JSON in which no tag can begin, whatever a job was called or asked. */
export const jsonText = (value: unknown): string => JSON.stringify(value).replaceAll("<", "\\u003c");

/** A script in which no tag can end it. */
const scriptText = (text: string): string => text.replaceAll(/<\/(?=script)/gi, "<\\/").replaceAll("<!--", "<\\!--");

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

function textOf(assets: Assets, path: string): string {
  return assetOf(assets, path).bytes.toString("utf8");
}

function iconOf(assets: Assets, path: string): string {
  const { type, bytes } = assetOf(assets, path);
  return `<link rel="icon" href="data:${type};base64,${bytes.toString("base64")}">`;
}

function assetOf(assets: Assets, path: string) {
  const asset = assets.get(path.replace(/^\.?\/?/, "/"));
  if (asset === undefined) throw new PageUnfit(`the built page names ${path}, which is not there`);
  return asset;
}

const hrefOf = (tag: string): string => /\bhref="([^"]+)"/.exec(tag)?.[1] ?? "";
