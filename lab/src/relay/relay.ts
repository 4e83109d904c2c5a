/**
 * Lets the agents reach the server: `node relay.ts '{"port":8080,"target":{"host":…,"port":…},"namespaces":[…]}'`.
 * A socket belongs to the network namespace in which it was made, whoever holds it. So a short-lived child makes the listening socket inside each
 * namespace and hands it over, and this process, in the host's namespace, accepts there and connects here. The host's own network stays as it was, and
 * the nodes get no route to it: only one port on their loopback.
 */
import { type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { connect, Server, type Socket } from "node:net";
import { fileURLToPath } from "node:url";

export interface RelayConfig {
  /** On 127.0.0.1 in each namespace. */
  port: number;
  target: { host: string; port: number };
  namespaces: string[];
}

const config = JSON.parse(process.argv[2]!) as RelayConfig;
const listenScript = fileURLToPath(new URL("./listen.ts", import.meta.url));

async function listenIn(namespace: string): Promise<void> {
  const options: ForkOptions = {
    execPath: "ip",
    execArgv: ["netns", "exec", namespace, process.execPath],
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  };
  const child = fork(listenScript, [String(config.port)], options);
  const handle = await new Promise<Server>((resolve, reject) => {
    child.once("message", (_message, received) => resolve(received as Server));
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`no listening socket in ${namespace}: exit code ${code}`)));
  });
  // A server received from another process has the defaults; ours must let each side end on its own.
  const server = new Server({ allowHalfOpen: true }, pass);
  server.listen(handle);
  await once(server, "listening");
  child.disconnect();
}

/** One connection per connection, so that a restarted server is found again; if there is none, the agent learns it at once. */
function pass(agent: Socket): void {
  const server = connect({ ...config.target, allowHalfOpen: true });
  const endBoth = (): void => {
    agent.destroy();
    server.destroy();
  };
  for (const socket of [agent, server]) {
    socket.on("error", endBoth);
    socket.setNoDelay(true);
  }
  agent.on("close", endBoth).pipe(server);
  server.on("close", endBoth).pipe(agent);
}

await Promise.all(config.namespaces.map(listenIn));
process.send?.("ready");
process.channel?.unref();
