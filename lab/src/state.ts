/** What a lab knows of itself, on disk. It holds no keys: those are only in the memory of wireguard-go. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { LabError } from "./errors.ts";
import { checkLabName, labDir, labsRoot } from "./names.ts";

export interface LabRef {
  readonly name: string;
}

/** Where masquerading is done. `internet`: inetgw for members without agent, and officegw for its LAN, on their way to the internet. `overlay`: inetgw also for such members' traffic to nodes. `lan`: officegw for what goes into its LAN. */
export const masquerades = ["internet", "overlay", "lan"] as const;
export type Masquerade = (typeof masquerades)[number];

const processSchema = z.strictObject({ pid: z.number(), startTicks: z.number() });
const labFileSchema = z.strictObject({
  upSince: z.string(),
  masquerade: z.array(z.enum(masquerades)),
  processes: z.array(z.strictObject({ what: z.string(), node: z.string().nullable(), id: processSchema })),
});
export type LabFile = z.infer<typeof labFileSchema>;

const labFile = (lab: string): string => join(labDir(lab), "lab.json");

/**
 * Takes the name: makes the lab's directory, or a link to `dir`. Whoever comes second fails, so two `labUp` never build one lab.
 * @throws LabError LAB_ALREADY_UP, LAB_DIR_NOT_EMPTY
 */
export function claimLab(lab: string, dir?: string): void {
  while (!tryClaim(lab, dir));
}

/** False if another lab's end removed the empty root in between. */
function tryClaim(lab: string, dir?: string): boolean {
  mkdirSync(labsRoot, { recursive: true, mode: 0o700 });
  try {
    if (dir === undefined) mkdirSync(labDir(lab), { mode: 0o700 });
    else symlinkSync(prepareDir(dir), labDir(lab));
    return true;
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return false;
    if (code !== "EEXIST") throw cause;
    const complete = readLabFile(lab) !== null;
    const what = complete ? "is already up" : "is being built, or was left half built";
    throw new LabError(
      { code: "LAB_ALREADY_UP", name: lab, complete },
      `lab "${lab}" ${what}; take it down first (flowtrail lab down --name ${lab})`,
      { cause },
    );
  }
}

function prepareDir(dir: string): string {
  const path = resolve(dir);
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (readdirSync(path).length > 0)
    throw new LabError(
      { code: "LAB_DIR_NOT_EMPTY", dir: path },
      `${path} is not empty; \`lab down\` removes the lab's directory with all in it, so it must be the lab's own`,
    );
  return path;
}

/** Written whole or not at all. */
export function writeJson(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** null if there is no such file. @throws LabError LAB_STATE_UNREADABLE */
export function readJson<T>(file: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new LabError(
      { code: "LAB_STATE_UNREADABLE", file },
      `${file} is not what the lab wrote; take the lab down and up again`,
      { cause },
    );
  }
}

export const writeLabFile = (lab: string, content: LabFile): void => writeJson(labFile(lab), content);
export const readLabFile = (lab: string): LabFile | null => readJson(labFile(lab), labFileSchema);

/** @throws LabError LAB_BAD_NAME, LAB_NOT_UP */
export function requireLab(ref: LabRef): LabFile {
  const file = readLabFile(checkLabName(ref.name));
  if (!file)
    throw new LabError(
      { code: "LAB_NOT_UP", name: ref.name },
      `lab "${ref.name}" is not up; bring it up with: flowtrail lab up --name ${ref.name}`,
    );
  return file;
}

/** The names of all labs that are up, or were left half built. */
export function claimedLabs(): string[] {
  try {
    return readdirSync(labsRoot);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

export function removeFile(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
