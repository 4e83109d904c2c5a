import { formatBytes, formatCount, formatDuration } from "@flowtrail/model";
import { IconAlertTriangle, IconCircleCheck } from "@tabler/icons-react";
import type { ReactNode } from "react";
import type { Health } from "../../lib/api-types.ts";
import { useClock } from "../../lib/use-clock.ts";
import { inventoryTrouble } from "./inventory-words.ts";
import { rateText } from "./rate-text.ts";
import "./store-tiles.css";

/** How the server and its store are, in a line of figures. */
export function StoreTiles({ health }: { health: Health }) {
  const clock = useClock();
  const { store, ingest, inventory } = health;
  const rejected = Object.values(ingest?.rejected ?? {}).reduce((sum, count) => sum + count, 0);
  const trouble = inventory ? inventoryTrouble(inventory) : null;
  return (
    <div className="tiles">
      <Tile label="Store" bad={store?.up === false} note={store?.error ?? (store ? "Answers" : "Not told")}>
        {store?.up === false ? "Away" : "Up"}
      </Tile>
      <Tile label="Rows stored" note={store ? writeText(store.waiting_rows, ingest) : undefined}>
        {store?.rows == null ? "–" : formatCount(store.rows)}
      </Tile>
      <Tile label="On disk" note={bytesPerRow(store?.rows ?? null, store?.bytes ?? null)}>
        {store?.bytes == null ? "–" : formatBytes(store.bytes)}
      </Tile>
      <Tile
        label="Taken in"
        bad={rejected > 0}
        note={rejected > 0 ? `${formatCount(rejected)} rows refused: the log says why` : takenText(ingest)}
      >
        {ingest === undefined ? "–" : rateText(ingest.rows_per_second)}
      </Tile>
      <Tile label="Names" bad={trouble !== null} note={trouble ?? "Networks, nodes, users and routes known"}>
        {inventory === undefined ? "–" : formatCount(inventory.entities)}
      </Tile>
      <Tile label="Server" note={health.started ? `Since ${clock.dayAndTime(Date.parse(health.started))}` : undefined}>
        {health.version ?? "–"}
      </Tile>
    </div>
  );
}

interface TileProps {
  readonly label: string;
  readonly note?: string | undefined;
  readonly bad?: boolean;
  readonly children: ReactNode;
}

function Tile({ label, note, bad, children }: TileProps) {
  return (
    <section className={`tile${bad ? " tile-bad" : ""}`}>
      <h2>
        {label}
        {bad === true && <IconAlertTriangle size={15} stroke={1.8} aria-label="Problem" />}
        {bad === false && <IconCircleCheck size={15} stroke={1.8} className="tile-good" aria-label="Good" />}
      </h2>
      <p className="tile-figure">{children}</p>
      {note !== undefined && (
        <p className="tile-note" title={note}>
          {note}
        </p>
      )}
    </section>
  );
}

/** `0 waiting · 42 at once, 85 ms` */
function writeText(waiting: number, ingest: Health["ingest"]): string {
  const { write_rows: rows = null, write_ms: ms = null } = ingest ?? {};
  const writes = rows === null || ms === null ? "" : ` · ${formatCount(rows)} at once, ${formatDuration(ms)}`;
  return `${formatCount(waiting)} waiting${writes}`;
}

function takenText(ingest: Health["ingest"]): string | undefined {
  return ingest && `${formatCount(ingest.rows)} since start, none refused`;
}

function bytesPerRow(rows: number | null, bytes: number | null): string | undefined {
  // Of few rows it says more about the engine's own files than about rows.
  return rows !== null && bytes !== null && rows >= 10_000 ? `${(bytes / rows).toFixed(1)} bytes a row` : undefined;
}
