/** The rules that come with Flowtrail. What each costs and how often it was wrong: docs/alerts.md. */
import type { AlertRule } from "@flowtrail/model";
import { OUTSIDE } from "./outside.ts";
import { PLAIN_TEXT } from "./plain-text.ts";
import { SCANS } from "./scans.ts";
import { SERVICE } from "./service.ts";
import { TRUST } from "./trust.ts";

export const SHIPPED_RULES: readonly AlertRule[] = [...SCANS, ...OUTSIDE, ...PLAIN_TEXT, ...TRUST, ...SERVICE];
