import type { Explained } from "../explained.js";

export const VIEWS: readonly Explained[] = [];
