/** YAML text → inventory. Every mistake is told with its line. */
import { FlowtrailError } from "@flowtrail/model";
import { type Document, LineCounter, parseDocument } from "yaml";
import { problemsOf } from "./inventory-problems.ts";
import { type Inventory, inventorySchema } from "./inventory-schema.ts";

export class InventoryError extends FlowtrailError<{ code: "INVENTORY_INVALID"; path: string }> {
  constructor(path: string, message: string, options?: { cause?: unknown }) {
    super({ code: "INVENTORY_INVALID", path }, message, options);
  }
}

export interface InventoryNote {
  /** An error keeps the file from being used; a warning does not. */
  readonly level: "error" | "warning";
  /** Null: nowhere in particular. */
  readonly line: number | null;
  /** Of the other value where two don't go together. */
  readonly other_line: number | null;
  /** Such as `networks.0.nodes.1.id`. */
  readonly path: string;
  readonly message: string;
}

export interface CheckedInventory {
  /** Null: there are errors. */
  readonly inventory: Inventory | null;
  /** Errors and warnings, in the order of their lines. */
  readonly notes: readonly InventoryNote[];
}

const MAX_TOLD = 20;

/**
 * @param path only for messages
 * @throws InventoryError
 */
export function parseInventory(text: string, path: string): Inventory {
  const { inventory, notes } = checkInventory(text);
  if (inventory !== null) return inventory;
  const errors = notes.filter(({ level }) => level === "error");
  const told = errors.slice(0, MAX_TOLD).map((note) => formatNote(note, path));
  const more = errors.length - told.length;
  throw new InventoryError(path, told.join("\n") + (more > 0 ? `\n… and ${more} more` : ""));
}

/** In one line: `inventory.yaml:12: networks.0.nodes.1.id: …`. */
export function formatNote({ line, other_line, path, message }: InventoryNote, file: string): string {
  const other = other_line === null || other_line === line ? "" : ` (line ${other_line})`;
  return `${file}${line === null ? "" : `:${line}`}: ${path === "" ? "" : `${path}: `}${message}${other}`;
}

/** All that can be said about it at once. */
export function checkInventory(text: string): CheckedInventory {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  if (document.errors.length > 0) {
    return {
      inventory: null,
      notes: document.errors.map(({ message, linePos }) => ({
        level: "error",
        line: linePos?.[0].line ?? null,
        other_line: null,
        path: "",
        message: `this is no YAML: ${message}`,
      })),
    };
  }
  const lineOf = (keys: readonly (string | number)[]) => findLine(document, keys.map(String), counter);
  const result = inventorySchema.safeParse(document.toJS() ?? {});
  if (!result.success) {
    const notes = result.error.issues.map((issue): InventoryNote => {
      const extra = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
      const path = issue.path.map(String);
      return {
        level: "error",
        line: lineOf([...path, ...extra]),
        other_line: null,
        path: path.join(".") || "inventory",
        message: issue.message,
      };
    });
    return { inventory: null, notes };
  }
  const notes = problemsOf(result.data).map(
    ({ level, path, other, message }): InventoryNote => ({
      level,
      line: lineOf(path),
      other_line: other === undefined ? null : lineOf(other),
      path: path.join("."),
      message,
    }),
  );
  notes.sort((a, b) => (a.line ?? 0) - (b.line ?? 0));
  return { inventory: notes.some(({ level }) => level === "error") ? null : result.data, notes };
}

/** Of the key, or of the nearest one above it that is there: what is missing has no line of its own. */
function findLine(document: Document.Parsed, keys: readonly string[], counter: LineCounter): number | null {
  for (let length = keys.length; length > 0; length--) {
    const path = keys.slice(0, length).map((key) => (/^\d+$/.test(key) ? Number(key) : key));
    const node = document.getIn(path, true) as { range?: number[] } | undefined;
    if (node?.range?.[0] !== undefined) return counter.linePos(node.range[0]).line;
  }
  return null;
}
