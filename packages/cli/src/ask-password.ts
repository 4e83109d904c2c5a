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
  const first = await hidden("Password: ");
  if (first !== (await hidden("Again: ")))
    throw new CliError({ code: "USAGE" }, "these were two different passwords: nothing was changed");
  return first;
}

const ENTER = ["\r", "\n"];
const ERASE = ["\u007f", "\b"];
const CLEAR = "\u0015";
const INTERRUPTS = ["\u0003", "\u0004"];

/** What is typed until Enter, in no way shown. */
function hidden(question: string): Promise<string> {
  const { stdin, stderr } = process;
  stderr.write(question);
  stdin.setRawMode(true);
  stdin.setEncoding("utf8");
  stdin.resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];
    const done = () => {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
      stderr.write("\n");
    };
    const take = (chunk: string) => {
      for (const key of chunk) {
        if (ENTER.includes(key)) {
          done();
          return resolve(typed.join(""));
        }
        if (INTERRUPTS.includes(key)) {
          done();
          return reject(new CliError({ code: "INTERRUPTED" }, "interrupted: nothing was changed"));
        }
        if (key === CLEAR) typed = [];
        else if (ERASE.includes(key)) typed.pop();
        else typed.push(key);
      }
    };
    stdin.on("data", take);
  });
}
