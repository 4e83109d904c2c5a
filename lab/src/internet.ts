/** What the lab's internet answers with: certificates for its TLS servers and its DNS. */
import { join } from "node:path";
import { run } from "./run.ts";
import { dnsServer, namedHosts, namelessHost, pick } from "./topology.ts";

const quicPort = 443;

export interface Certificates {
  /** The lab's own authority; clients trust it alone. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export const certificateFiles = (dir: string): Certificates => ({
  caFile: join(dir, "ca.crt"),
  certFile: join(dir, "server.crt"),
  keyFile: join(dir, "server.key"),
});

const names = namedHosts.flatMap((host) => [...host.names, ...host.aliases]);
const addresses = [...namedHosts.map((host) => host.addresses), namelessHost].flatMap(({ v4, v6 }) => [v4, v6]);

/** Makes an authority and one certificate for all names and addresses of the lab's hosts. */
export async function makeCertificates(dir: string): Promise<void> {
  const { caFile, certFile, keyFile } = certificateFiles(dir);
  const caKeyFile = join(dir, "ca.key");
  const request = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:prime256v1",
    "-nodes",
    "-days",
    "30",
  ];
  await run([...request, "-keyout", caKeyFile, "-out", caFile, "-subj", "/CN=Flowtrail lab CA"]);
  const altNames = [...names.map((name) => `DNS:${name}`), ...addresses.map((address) => `IP:${address}`)].join(",");
  const leaf = [
    "-subj",
    "/CN=api.example.test",
    "-addext",
    `subjectAltName=${altNames}`,
    "-addext",
    "basicConstraints=critical,CA:FALSE",
  ];
  await run([...request, "-keyout", keyFile, "-out", certFile, "-CA", caFile, "-CAkey", caKeyFile, ...leaf]);
}

const addressesInDns = ({ addresses, ...host }: (typeof namedHosts)[number]): string[] =>
  "only" in host ? [pick(addresses, host.only)] : [addresses.v4, addresses.v6];

/** dnsmasq in the foreground, with the lab's names and no other, writing nothing to disk. */
export function dnsmasqCommand(): string[] {
  const records = namedHosts.flatMap((host) => [
    `--host-record=${[host.names[0], ...addressesInDns(host)].join(",")}`,
    ...host.aliases.map((alias) => `--cname=${alias},${host.names[0]}`),
  ]);
  return [
    "dnsmasq",
    "--keep-in-foreground",
    "--conf-file=/dev/null",
    "--pid-file=",
    "--user=root", // it can't leave its namespace anyway, and the package's own user may be missing
    "--log-facility=-",
    "--no-resolv",
    "--no-hosts",
    "--local=/test/",
    "--local-ttl=60",
    "--bind-interfaces",
    `--listen-address=${dnsServer.v4}`,
    `--listen-address=${dnsServer.v6}`,
    ...records,
  ];
}

/** ngtcp2's server, on every address. What is in its working directory can be fetched: nothing. */
export function quicServerCommand(dir: string): string[] {
  const { certFile, keyFile } = certificateFiles(dir);
  return ["gtlsserver", "--quiet", "*", String(quicPort), keyFile, certFile];
}
