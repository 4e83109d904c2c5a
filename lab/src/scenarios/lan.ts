import { ports } from "../services.ts";
import { perFamily } from "./scenario.ts";

export const egressLan = perFamily(
  "the LAN behind officegw, both ways: user and debian → LAN host, LAN host → debian",
  async (bed, family) => {
    await bed.tcp({
      from: "user",
      to: "lan",
      family,
      what: "the user's laptop reads a file on the LAN host",
      port: ports.smb,
      up: 200,
      down: 20_000,
    });
    await bed.tcp({
      from: "debian",
      to: "lan",
      family,
      what: "debian writes a file to the LAN host",
      port: ports.smb,
      up: 20_000,
      down: 200,
    });
    await bed.tcp({
      from: "lan",
      to: "debian",
      family,
      what: "the LAN host asks debian's database",
      port: ports.postgresql,
      up: 300,
      down: 5000,
    });
  },
);

export const outside = perFamily(
  "connections that are none of the network's business: nobody may report them",
  async (bed, family) => {
    for (const from of ["debian", "inetgw", "lan"] as const)
      await bed.web({
        from,
        family,
        what: `${from} fetches a page by its own way to the internet`,
        name: "www.example.test",
        tls: true,
        up: 0,
        down: 3000,
      });
  },
);
