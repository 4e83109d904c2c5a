/** YAML text → inventory. Every mistake is told with its line. */
import { FlowtrailError } from "@flowtrail/model";
import { type Document, LineCounter, parseDocument } from "yaml";
import { type Inventory, inventorySchema } from "./inventory-schema.ts";

export class InventoryError extends FlowtrailError<{ code: "INVENTORY_INVALID"; path: string }> {
  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super({ code: "INVENTORY_INVALID", path }, message, options);
  }
}

const MAX_TOLD = 20;

/**
 * @param path only for messages
 * @throws InventoryError
 */
export function parseInventory(text: string, path: string): Inventory {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  const [error] = document.errors;
  if (error) throw new InventoryError(path, `${path} is no YAML: ${error.message}`, { cause: error });
  const result = inventorySchema.safeParse(document.toJS() ?? {});
  if (result.success) return result.data;
  const told = result.error.issues.slice(0, MAX_TOLD).map((issue) => {
    const extra = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
    const where = lineOf(document, [...issue.path, ...extra].map(String), counter);
    return `${path}${where}: ${issue.path.map(String).join(".") || "inventory"}: ${issue.message}`;
  });
  const more = result.error.issues.length - told.length;
  throw new InventoryError(path, told.join("\n") + (more > 0 ? `\n… and ${more} more` : ""));
}

/** Of the key, or of the nearest one above it that is there: what is missing has no line of its own. */
function lineOf(document: Document.Parsed, keys: readonly string[], counter: LineCounter): string {
  for (let length = keys.length; length > 0; length--) {
    const path = keys.slice(0, length).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const node = document.getIn(path, true) as { range?: number[] } | undefined;
    if (node?.range?.[0] !== undefined) return `:${counter.linePos(node.range[0]).line}`;
  }
  return "";
}
