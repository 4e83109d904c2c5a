/** Writes who the two ends of each row were into the columns of a batch. */
import type { FlowBatch } from "@flowtrail/model";
import { EXTERNAL, type Participant } from "../lookup.ts";
import type { BatchLookup, End } from "./batch-lookup.ts";

type Side = "src" | "dst";
const NULL = -1;

export class EndWriter {
  readonly #columns: FlowBatch["columns"];
  readonly #lookup: BatchLookup;

  constructor(batch: FlowBatch, lookup: BatchLookup) {
    this.#columns = batch.columns;
    this.#lookup = lookup;
  }

  /** Fills the source of the row that the lookup is at, and returns who it is for the election. */
  source(row: number): Participant {
    const { src_ip, src_by } = this.#columns;
    const end = this.#lookup.end(src_ip.bytes, row * 16);
    if (end.holder === null && src_by.get(row) === "reporter") return this.#asReported("src", row);
    this.#put("src", row, end);
    return end.elector;
  }

  /** The same for its destination, whose domain the inventory may know. */
  destination(row: number): Participant {
    const { dst_ip, dst_by, domain, domain_source } = this.#columns;
    const end = this.#lookup.end(dst_ip.bytes, row * 16);
    if (domain_source.get(row) === "inventory") {
      domain.setNull(row);
      domain_source.setNull(row);
    }
    if (end.domain !== null && !domain.has(row)) {
      domain.set(row, end.domain);
      domain_source.set(row, "inventory");
    }
    if (end.holder === null && dst_by.get(row) === "reporter") return this.#asReported("dst", row);
    this.#put("dst", row, end);
    return end.elector;
  }

  /**
   * A Netmaker reporter's own words, where the inventory has no holder. It knows users, config files and routes only behind itself, so it is
   * their gateway.
   */
  #asReported(side: Side, row: number): Participant {
    const columns = this.#columns;
    const type = (columns[`${side}_type`].get(row) ?? "external") as Participant["type"];
    const [id, name, device] = [columns[`${side}_id`], columns[`${side}_name`], columns[`${side}_device`]].map((column) =>
      column.get(row),
    );
    const participant = { ...EXTERNAL, type, id: id ?? null, name: name ?? null, device: device ?? null };
    if (type === "external" || type === "unknown") return participant;
    if (type !== "node") return { ...participant, gateways: [this.#lookup.reporter] };
    return { ...participant, node: id == null ? null : this.#lookup.node(id) };
  }

  #put(side: Side, row: number, end: End): void {
    const columns = this.#columns;
    end.codes[side] ??= codesOf(columns, side, end);
    const [type = NULL, id = NULL, name = NULL, device = NULL, by = NULL] = end.codes[side];
    if (side === "src") {
      putCode(columns.src_type, row, type);
      putCode(columns.src_id, row, id);
      putCode(columns.src_name, row, name);
      putCode(columns.src_device, row, device);
      putCode(columns.src_by, row, by);
    } else {
      putCode(columns.dst_type, row, type);
      putCode(columns.dst_id, row, id);
      putCode(columns.dst_name, row, name);
      putCode(columns.dst_device, row, device);
      putCode(columns.dst_by, row, by);
    }
  }
}

interface CodeColumn {
  setCode(row: number, code: number): void;
  setNull(row: number): void;
}

function putCode(column: CodeColumn, row: number, code: number): void {
  if (code === NULL) column.setNull(row);
  else column.setCode(row, code);
}

/** Of a participant, in the columns of one side: a text is looked up in a dictionary once, and not for each row. */
function codesOf(columns: FlowBatch["columns"], side: Side, { participant, holder }: End): readonly number[] {
  const { type, id, name, device } = participant;
  const text = (column: { codeOf(text: string): number }, value: string | null) => (value === null ? NULL : column.codeOf(value));
  return [
    columns[`${side}_type`].values.indexOf(type),
    text(columns[`${side}_id`], id),
    text(columns[`${side}_name`], name),
    text(columns[`${side}_device`], device),
    holder === null ? NULL : columns[`${side}_by`].values.indexOf("inventory"),
  ];
}
