import type { Explained } from "../explained.js";

export const ADMISSION: readonly Explained[] = [];
