import type { Explained } from "../explained.js";

export const FORECAST: readonly Explained[] = [];
