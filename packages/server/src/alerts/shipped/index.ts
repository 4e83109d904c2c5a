/** The rules that come with Flowtrail, on by default. What a person changes of one is a version over it. */
import type { AlertRule } from "@flowtrail/model";

export const SHIPPED: readonly AlertRule[] = [];
