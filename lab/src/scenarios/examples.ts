/** The three examples of Netmaker's page. */
import { ports } from "../services.ts";
import { perFamily } from "./scenario.ts";

/** The page's own client ports, so that a test finds its rows. */
const examplePort = { example1: 44006, example3: 38532 };

export const example1 = perFamily(
  "one TCP attempt debian → inetgw port 443 that is refused: 60 B out, 40 B back over IPv4",
  (bed, family) =>
    bed.tcp({
      from: "debian",
      to: "inetgw",
      family,
      what: "debian tries TCP 443 on inetgw",
      localPort: examplePort.example1,
      port: ports.https,
      up: 0,
      down: 0,
    }),
);

export const example3 = perFamily("a user's HTTPS request to api.example.test through the internet gateway", (bed, family) =>
  bed.web({
    from: "user",
    family,
    what: "the user's laptop sends an HTTPS request to api.example.test",
    localPort: examplePort.example3,
    name: "api.example.test",
    tls: true,
    up: 100,
    down: 900,
  }),
);
