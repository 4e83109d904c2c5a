/** Writes who the two ends of each row were into the columns of a batch. */
import type { EnumColumn, FlowBatch, TextColumn } from "@flowtrail/model";
import { EXTERNAL, type Participant } from "../lookup.ts";
import type { BatchLookup, Codes, End } from "./batch-lookup.ts";

const NULL = -1;

/** What is told of one side. */
interface SideColumns {
  readonly type: EnumColumn;
  readonly id: TextColumn;
  readonly name: TextColumn;
  readonly device: TextColumn;
  readonly by: EnumColumn;
}

export class EndWriter {
  readonly #columns: FlowBatch["columns"];
  readonly #source: SideColumns;
  readonly #destination: SideColumns;
  readonly #lookup: BatchLookup;

  constructor({ columns }: FlowBatch, lookup: BatchLookup) {
    const { src_type, src_id, src_name, src_device, src_by } = columns;
    const { dst_type, dst_id, dst_name, dst_device, dst_by } = columns;
    this.#columns = columns;
    this.#source = { type: src_type, id: src_id, name: src_name, device: src_device, by: src_by };
    this.#destination = { type: dst_type, id: dst_id, name: dst_name, device: dst_device, by: dst_by };
    this.#lookup = lookup;
  }

  /** Fills the source of the row that the lookup is at, and returns who it is for the election. */
  source(row: number): Participant {
    const end = this.#lookup.end(this.#columns.src_ip.bytes, row * 16);
    if (end.holder === null && this.#source.by.get(row) === "reporter") return this.#asReported(this.#source, row);
    end.sourceCodes ??= codesOf(this.#source, end);
    putCodes(this.#source, row, end.sourceCodes);
    return end.elector;
  }

  /** The same for its destination, whose domain the inventory may know. */
  destination(row: number): Participant {
    const { dst_ip, domain, domain_source } = this.#columns;
    const end = this.#lookup.end(dst_ip.bytes, row * 16);
    if (domain_source.get(row) === "inventory") {
      domain.setNull(row);
      domain_source.setNull(row);
    }
    if (end.domain !== null && !domain.has(row)) {
      domain.set(row, end.domain);
      domain_source.set(row, "inventory");
    }
    if (end.holder === null && this.#destination.by.get(row) === "reporter") return this.#asReported(this.#destination, row);
    end.destinationCodes ??= codesOf(this.#destination, end);
    putCodes(this.#destination, row, end.destinationCodes);
    return end.elector;
  }

  /**
   * A Netmaker reporter's own words, where the inventory has no holder. It knows users, config files and routes only behind itself, so it is
   * their gateway.
   */
  #asReported(columns: SideColumns, row: number): Participant {
    const [id, name, device] = [columns.id.get(row), columns.name.get(row), columns.device.get(row)];
    const participant = { ...EXTERNAL, type: (columns.type.get(row) ?? "external") as Participant["type"], id, name, device };
    if (participant.type === "external" || participant.type === "unknown") return participant;
    if (participant.type !== "node") return { ...participant, gateways: [this.#lookup.reporter] };
    return { ...participant, node: id === null ? null : this.#lookup.node(id) };
  }
}

/** Each text is looked up once, and not for each row. */
function codesOf(columns: SideColumns, { participant, holder }: End): Codes {
  const text = (column: TextColumn, value: string | null) => (value === null ? NULL : column.codeOf(value));
  return {
    type: columns.type.values.indexOf(participant.type),
    id: text(columns.id, participant.id),
    name: text(columns.name, participant.name),
    device: text(columns.device, participant.device),
    by: holder === null ? NULL : columns.by.values.indexOf("inventory"),
  };
}

function putCodes(columns: SideColumns, row: number, codes: Codes): void {
  putCode(columns.type, row, codes.type);
  putCode(columns.id, row, codes.id);
  putCode(columns.name, row, codes.name);
  putCode(columns.device, row, codes.device);
  putCode(columns.by, row, codes.by);
}

function putCode(column: EnumColumn | TextColumn, row: number, code: number): void {
  if (code === NULL) column.setNull(row);
  else column.setCode(row, code);
}
