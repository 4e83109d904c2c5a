/** A new password: typed twice without being shown, or read from a pipe. Never an argument: those are for everybody on the machine to see. */
import { text } from "node:stream/consumers";
import { CliError } from "./errors.ts";

export interface PasswordOptions {
  readonly passwordStdin?: boolean;
  readonly link?: boolean;
}

/** Null: its person chooses one, by a link. @throws CliError USAGE, INTERRUPTED */
export async function newPassword({ passwordStdin = false, link = false }: PasswordOptions): Promise<string | null> {
  if (passwordStdin && link) throw new CliError({ code: "USAGE" }, "either --password-stdin or --link");
  if (link) return null;
  if (passwordStdin) {
    const [line = ""] = (await text(process.stdin)).split(/\r?\n/, 1);
    if (line === "") throw new CliError({ code: "USAGE" }, "--password-stdin: nothing came");
    return line;
  }
  if (!process.stdin.isTTY)
    throw new CliError(
      { code: "USAGE" },
      "nobody is there to type a password: use --password-stdin, or --link for a link by which its person chooses one",
    );
  // Before anything is asked: what is typed ahead is not shown, either.
  process.stdin.setRawMode(true);
  try {
    const first = await hidden("Password: ");
    if (first === (await hidden("Again: "))) return first;
  } finally {
    process.stdin.setRawMode(false);
  }
  throw new CliError({ code: "USAGE" }, "these were two different passwords: nothing was changed");
}

const ENTER = ["\r", "\n"];
const ERASE = ["\u007f", "\b"];
const CLEAR = "\u0015";
const INTERRUPTS = ["\u0003", "\u0004"];

/** What is typed until Enter. */
function hidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stdin.setEncoding("utf8");
  stderr.write(question);
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const take = (chunk: string) => {
      const keys = [...chunk];
      for (const [i, key] of keys.entries()) {
        if (ENTER.includes(key) || INTERRUPTS.includes(key)) {
          stdin.off("data", take);
          stdin.pause();
          stderr.write("\n");
          if (INTERRUPTS.includes(key)) return reject(new CliError({ code: "INTERRUPTED" }, "interrupted: nothing was changed"));
          // What came with it answers the next question.
          if (i + 1 < keys.length) stdin.unshift(keys.slice(i + 1).join(""));
          return resolve(typed.join(""));
        }
        if (key === CLEAR) typed = [];
        else if (ERASE.includes(key)) typed.pop();
        else typed.push(key);
      }
    };
    stdin.on("data", take);
    stdin.resume();
  });
}
