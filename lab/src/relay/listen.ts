/** Makes a listening socket in the network namespace that it runs in, hands it to its parent (relay.ts) and ends with the parent's thanks: until then both would accept. */
import { createServer } from "node:net";

const server = createServer();
server.on("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
});
process.once("disconnect", () => process.exit());
server.listen(Number(process.argv[2]), "127.0.0.1", () => process.send?.("listening", server));
