import type { Explained } from "../explained.js";

export const AUDIT: readonly Explained[] = [];
