/** Where an import is: kept in a file beside it, so that the same command goes on there. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { CliError, withAccess } from "../errors.ts";

export interface ImportCounts {
  read: number;
  stored: number;
  unfinished: number;
  already: number;
  joined: number;
  /** By code. */
  refused: Record<string, number>;
}

export interface ImportPlace {
  /** What is imported from where to where: another import has another place. */
  readonly job: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Everything before it is done, ms since 1970. */
  readonly atMs: number;
  readonly counts: ImportCounts;
}

export const newCounts = (): ImportCounts => ({ read: 0, stored: 0, unfinished: 0, already: 0, joined: 0, refused: {} });

/** @throws CliError USAGE if it is that of another import */
export function readPlace(path: string, job: string): ImportPlace | null {
  if (!existsSync(path)) return null;
  const place = parsed(withAccess(path, () => readFileSync(path, "utf8")));
  if (place?.job === job) return place;
  const text = `${path} is of another import: finish that one, remove the file, or name another one with --state`;
  throw new CliError({ code: "USAGE" }, text);
}

function parsed(text: string): ImportPlace | null {
  try {
    return JSON.parse(text) as ImportPlace;
  } catch {
    return null; // no place of ours
  }
}

export function writePlace(path: string, place: ImportPlace): void {
  withAccess(path, () => {
    writeFileSync(`${path}.new`, `${JSON.stringify(place)}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  });
}

export function removePlace(path: string): void {
  withAccess(path, () => rmSync(path, { force: true }));
}
