/** What is kept, as metrics. Labels are names of our own tables. */
import { Counter, Gauge, type Registry } from "prom-client";
import type { Retention, RetentionReport } from "../store/retention/retention.ts";

type Source = Pick<Retention, "report" | "problem" | "deleted">;

export class StoreMetrics {
  readonly #retention: Source;
  readonly #tell: (report: RetentionReport) => void;
  readonly #tellOwn: () => void;

  constructor(registry: Registry, retention: Source) {
    this.#retention = retention;
    const gauge = (name: string, help: string) => new Gauge({ name: `flowtrail_store_${name}`, help, registers: [registry] });
    const byTable = (name: string, help: string) =>
      new Gauge({ name: `flowtrail_store_table_${name}`, help, labelNames: ["table"], registers: [registry] });
    const rows = byTable("rows", "Rows of each table; revisions that are not merged yet count, too");
    const bytes = byTable("bytes", "Bytes of each table on disk");
    const oldest = byTable("oldest_timestamp_seconds", "Beginning of the oldest day or month that each table has");
    const limit = gauge("limit_bytes", "What retention.max_size comes to; absent: there is none");
    const free = gauge("free_bytes", "Free on the disks that the tables are on; absent: they do not tell");
    const held = gauge("held_bytes", "What legal holds keep");
    const full = gauge("full_in_days", "Days until the limit is reached; absent: it is not, as far as can be said");
    const problem = gauge("retention_problem", "1 if the store is larger than it may be and nothing may be deleted");
    const deleted = new Counter({
      name: "flowtrail_store_deleted_rows_total",
      help: "Rows that this server's retention deleted, by why",
      labelNames: ["why"],
      registers: [registry],
    });
    this.#tell = ({ survey, plan, forecast }) => {
      for (const [table, size] of survey.tables) {
        rows.set({ table }, size.rows);
        bytes.set({ table }, size.bytes);
      }
      oldest.reset();
      for (const { table, fromMs } of [...survey.partitions].reverse()) oldest.set({ table: table.name }, fromMs / 1000);
      const freeBytes = survey.nodes.map((node) => node.freeBytes);
      setOrRemove(free, freeBytes.includes(null) ? null : freeBytes.reduce<number>((sum, value) => sum + (value ?? 0), 0));
      setOrRemove(limit, plan.limit.bytes);
      setOrRemove(full, forecast.fullInDays);
      held.set(plan.heldBytes);
    };
    this.#tellOwn = () => {
      problem.set(retention.problem === null ? 0 : 1);
      deleted.reset();
      for (const why of ["age", "size"] as const) deleted.inc({ why }, retention.deleted[why]);
    };
  }

  /** To be called before the metrics are read, while the store answers. @throws StoreError */
  async update(nowMs: number): Promise<void> {
    this.#tellOwn();
    this.#tell(await this.#retention.report(nowMs));
  }
}

function setOrRemove(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove();
  else gauge.set(value);
}
