import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("provider.ts", import.meta.url));
export const CLIENT = { id: "flowtrail", secret: "a secret of the provider's" } as const;

/** For a provider that is not there yet. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** @returns stops it */
export async function startProvider(port: number, callback: string): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, [PROGRAM, String(port), callback], { stdio: ["ignore", "pipe", "ignore"] });
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const isUp = await Promise.race([
    new Promise((resolve) => child.stdout.once("data", () => resolve(true))),
    gone.then(() => false),
  ]);
  if (!isUp) throw new Error("the OpenID provider of the test did not start");
  return async () => {
    child.kill();
    await gone;
  };
}
