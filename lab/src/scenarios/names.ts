/** Connections by whose packets an agent can tell their names, each in a way of its own. */
import type { Bed } from "../bed.ts";
import type { KnownName } from "../connection.ts";
import { ports } from "../services.ts";
import { type Family, type HostName, hostAddresses, namelessHost } from "../topology.ts";
import { clientHello, encryptedClientHello, keyShare, padding, serverName } from "./client-hello.ts";
import { perFamily } from "./scenario.ts";

const byDns = (domain: HostName): KnownName => ({ domain, domainSource: "dns" });
const bySni = (domain: HostName): KnownName => ({ domain, domainSource: "sni" });

export const tls = perFamily(
  "TLS with server name: user → api.example.test, debian → nas.office.test on the LAN",
  async (bed, family) => {
    await bed.dns({ from: "user", family, name: "api.example.test" });
    const common = { family, tls: true, up: 200, down: 2000 };
    await bed.web({ ...common, from: "user", what: "the user opens https://api.example.test", name: "api.example.test" });
    await bed.web({
      ...common,
      from: "debian",
      to: "lan",
      what: "debian opens https://nas.office.test",
      name: "nas.office.test",
    });
  },
);

export const http = perFamily("plain HTTP: user → www.example.test, debian → nas.office.test on the LAN", async (bed, family) => {
  await bed.dns({ from: "user", family, name: "www.example.test" });
  const common = { family, tls: false, up: 0, down: 2000 };
  await bed.web({ ...common, from: "user", what: "the user opens http://www.example.test", name: "www.example.test" });
  await bed.web({ ...common, from: "debian", to: "lan", what: "debian opens http://nas.office.test", name: "nas.office.test" });
});

/** Git's own protocol has no name that is looked for. */
const git = (bed: Bed, from: "user" | "config", family: Family, known?: KnownName) =>
  bed.tcp({
    from,
    to: "internet",
    family,
    at: hostAddresses("git.example.test"),
    what: `${from} fetches from git.example.test${known ? "" : ", whose address it did not ask for"}`,
    port: ports.git,
    up: 300,
    down: 9000,
    ...(known ? { known } : {}),
  });

export const dnsOnly = perFamily(
  "TCP without a name in it: to an address that the user had from DNS, and the printer from elsewhere",
  async (bed, family) => {
    await bed.dns({ from: "user", family, name: "git.example.test" });
    await git(bed, "user", family, byDns("git.example.test"));
    await git(bed, "config", family);
  },
);

export const dualStack = perFamily(
  "TCP without a name in it: the user asks DNS over one family and connects by the other",
  async (bed, family) => {
    const name = "dual.example.test";
    await bed.dns({ from: "user", family: family === 4 ? 6 : 4, record: family, name });
    await bed.tcp({
      from: "user",
      to: "internet",
      family,
      at: hostAddresses(name),
      what: `the user fetches from ${name}`,
      port: ports.git,
      up: 300,
      down: 9000,
      known: byDns(name),
    });
  },
);

export const cdn = perFamily(
  "the user and the printer ask for different names of one address, and connect without a server name",
  async (bed, family) => {
    const asked = [
      { from: "user", name: "www.shop.example.test" },
      { from: "config", name: "img.news.example.test" },
    ] as const;
    // All ask before anybody connects: the last answer is not everybody's.
    for (const { from, name } of asked) await bed.dns({ from, family, name });
    for (const { from, name } of asked)
      await bed.web({
        from,
        family,
        what: `${from} uses ${name}, whose address others share`,
        name,
        tls: true,
        sendsServerName: false,
        known: byDns(name),
        up: 100,
        down: 4000,
      });
  },
);

export const noSni = perFamily(
  "TLS without server name: the user to a host that it asked DNS for, the printer to one that has no name",
  async (bed, family) => {
    const name = "legacy.example.test";
    const common = { family, name, tls: true, sendsServerName: false, up: 0, down: 1000 } as const;
    await bed.dns({ from: "user", family, name });
    await bed.web({ ...common, from: "user", what: `the user's old program uses ${name}`, known: byDns(name) });
    await bed.web({ ...common, from: "config", what: "the printer talks to an address", at: namelessHost });
  },
);

export const ech = perFamily(
  "TLS with an encrypted hello that shows only public.cdn.test: the user asked DNS for secret.example.test, the printer asked nobody here",
  async (bed, family) => {
    const name = "secret.example.test";
    await bed.dns({ from: "user", family, name });
    const hello = () => clientHello(serverName("public.cdn.test"), encryptedClientHello(), keyShare("x25519"));
    const common = { family, name } as const;
    await bed.write({ ...common, from: "user", what: `the user opens ${name} in private`, parts: [hello()], known: byDns(name) });
    // All that can be known; `app` says that it is only the outer name.
    const known = bySni("public.cdn.test");
    await bed.write({ ...common, from: "config", what: `the printer opens ${name} in private`, parts: [hello()], known });
  },
);

export const splitHello = perFamily(
  "TLS whose hello comes in two packets, with the server name in the second: large by its key share, or sent in two parts",
  async (bed, family) => {
    const name = "pq.example.test";
    const common = { from: "user", family, name, known: bySni(name) } as const;
    const large = clientHello(keyShare("x25519mlkem768", "x25519"), padding(300), serverName(name));
    await bed.write({ ...common, what: "the user's new browser says hello", parts: [large] });
    const small = clientHello(keyShare("x25519"), serverName(name));
    const cut = small.indexOf(name);
    const parts = [small.subarray(0, cut), small.subarray(cut)];
    await bed.write({ ...common, what: "a program of the user's says hello in two parts", parts });
  },
);
