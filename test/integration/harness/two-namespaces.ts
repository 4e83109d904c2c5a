/** Two network namespaces and a cable between them: `a`, where something of ours runs, and `b`, whom it talks to. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: "utf8" });

export class TwoNamespaces {
  readonly a: string;
  readonly b: string;
  readonly addressA = "10.91.0.1";
  readonly addressB = "10.91.0.2";

  constructor(part: string) {
    const id = randomBytes(2).toString("hex");
    this.a = `ft-${part}-${id}-a`;
    this.b = `ft-${part}-${id}-b`;
  }

  up(): this {
    run("ip", "netns", "add", this.a);
    run("ip", "netns", "add", this.b);
    run("ip", "-n", this.a, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", this.b);
    for (const [name, address] of [
      [this.a, this.addressA],
      [this.b, this.addressB],
    ] as const) {
      run("ip", "-n", name, "addr", "add", `${address}/24`, "dev", "cable");
      for (const device of ["lo", "cable"]) run("ip", "-n", name, "link", "set", device, "up");
    }
    return this;
  }

  /** The command that runs another one in a namespace. */
  in(name: string): string[] {
    return ["ip", "netns", "exec", name];
  }

  /** Runs a program to its end in a namespace. */
  exec(name: string, ...argv: string[]): string {
    return run("ip", "netns", "exec", name, ...argv);
  }

  /** The processes in a namespace, as `pid command line`. (`ip netns pids` fails when one ends while it looks.) */
  processes(name: string): string[] {
    const { ino } = statSync(`/run/netns/${name}`);
    const isIn = (pid: string) => readGone(() => readlinkSync(`/proc/${pid}/ns/net`)) === `net:[${ino}]`;
    const pids = readdirSync("/proc").filter((pid) => /^\d+$/.test(pid) && isIn(pid));
    return pids.map((pid) => `${pid} ${readGone(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"))?.replaceAll("\0", " ")}`);
  }

  /** Ends what is left in them, and removes them. */
  down(): void {
    for (const name of [this.a, this.b]) {
      if (!existsSync(`/run/netns/${name}`)) continue;
      for (const line of this.processes(name)) killPid(Number.parseInt(line, 10));
      run("ip", "netns", "del", name);
    }
  }
}

/** Null if the process has ended, or is a zombie that nobody has reaped yet. */
function readGone(read: () => string): string | null {
  try {
    return read();
  } catch (error) {
    if (["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) return null;
    throw error;
  }
}

function killPid(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
