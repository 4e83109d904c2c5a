/** Makes a listening socket in the network namespace that it runs in, hands it to its parent and ends when that lets it go. */
import { createServer } from "node:net";

const server = createServer();
process.once("disconnect", () => process.exit());
server.listen(Number(process.argv[2]), "0.0.0.0", () => process.send?.("listening", server));
