// Makes a fresh clone ready for `npm start` and `npm test`. Plain JavaScript: it runs on the machine's own Node (20 or newer),
// before anything is installed. Every step is skipped when its inputs have not changed since it last succeeded.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const flags = new Set(process.argv.slice(2));
const say = (text) => process.stderr.write(`flowtrail: ${text}\n`);
const fail = (text) => {
  say(text);
  process.exit(1);
};

if (process.platform !== "linux")
  fail(`this is ${process.platform}; Flowtrail captures from the Linux kernel and runs on Linux only.`);
if (Number(process.versions.node.split(".")[0]) < 20)
  fail(`Node ${process.versions.node} is too old: install Node 20 or newer (it brings npm), then try again.`);

step("dependencies", "node_modules/node/package.json", ["package-lock.json", "package.json", ...workspaceManifests()], () => {
  say("installing dependencies (once, about a minute) …");
  run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
});
bundleAgent();
if (flags.has("--test")) installPrograms();
if (flags.has("--web")) {
  step("page", "packages/web/dist/index.html", [...files("packages/web"), ...files("packages/model/src")], () => {
    say("building the page …");
    run(join(root, "node_modules/.bin/vite"), ["build", "--logLevel", "warn"], join(root, "packages/web"));
  });
}

/**
 * The agent in one file of JavaScript, so that it does without Node's TypeScript compiler in memory (docs/decisions/0002-agent-memory.md). It is used
 * as long as it is newer than every source (packages/cli/src/become-agent.ts); without it the sources run as they are.
 */
function bundleAgent() {
  const bundle = join(root, "packages/cli/dist/agent.js");
  const folders = ["packages/agent/src", "packages/model/src", "packages/settings/src"].flatMap(files);
  const sources = [...folders, "packages/cli/src/agent-main.ts", "packages/cli/src/lifeline.ts", "package-lock.json"];
  // Times of files are finer than numbers of JavaScript: the next whole millisecond.
  const newestS = Math.ceil(Math.max(...sources.map((file) => statSync(join(root, file)).mtimeMs)) + 1) / 1000;
  step("agent", "packages/cli/dist/agent.js", sources, () => {
    const options = ["--platform", "node", "--format", "esm", "--external", "koffi", "--log-level", "warn"];
    run(join(root, "node_modules/.bin/rolldown"), ["packages/cli/src/agent-main.ts", ...options, "-o", bundle]);
    // As old as what it was made of: a source that is saved while we work is newer.
    utimesSync(bundle, newestS, newestS);
  });
  // The sources were written again (git checkout), but are what they were.
  if (statSync(bundle).mtimeMs / 1000 < newestS - 0.001) utimesSync(bundle, newestS, newestS);
}

/** Runs `work` unless its output is there and the hash of its input files is the one that it last succeeded with. */
function step(name, output, inputs, work) {
  const stamp = join(root, "node_modules/.flowtrail", name);
  const hash = createHash("sha256");
  for (const file of inputs) hash.update(file).update(readFileSync(join(root, file)));
  const digest = hash.digest("hex");
  if (existsSync(stamp) && existsSync(join(root, output)) && readFileSync(stamp, "utf8") === digest) return;
  work();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
}

function workspaceManifests() {
  return [...readdirSync(join(root, "packages")).map((name) => `packages/${name}/package.json`), "lab/package.json"].filter(
    (file) => existsSync(join(root, file)),
  );
}

function files(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => !file.includes("/dist/") && !file.includes("/node_modules/") && statSync(join(root, file)).isFile())
    .sort();
}

/** What only tests need: Debian's programs. Without root (or without apt) the tests that need them skip, each by name. */
function installPrograms() {
  const packages = {
    ip: "iproute2",
    nft: "nftables",
    iptables: "iptables",
    conntrack: "conntrack",
    wg: "wireguard-tools",
    "wireguard-go": "wireguard-go",
    dnsmasq: "dnsmasq-base",
    openssl: "openssl",
    curl: "curl",
    nc: "netcat-openbsd",
    ping: "iputils-ping",
    socat: "socat",
    faketime: "faketime",
    "systemd-analyze": "systemd",
    gtlsclient: "ngtcp2-client",
    gtlsserver: "ngtcp2-server",
    chromium: "chromium",
    ps: "procps",
    setpriv: "util-linux",
    cc: "gcc",
  };
  const path = `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`.split(delimiter);
  const missing = Object.entries(packages)
    .filter(([program]) => !path.some((dir) => existsSync(join(dir, program))))
    .map(([, name]) => name);
  if (!existsSync("/usr/include/libnetfilter_conntrack/libnetfilter_conntrack.h"))
    missing.push("libnetfilter-conntrack-dev", "libmnl-dev", "libc6-dev");
  if (missing.length === 0) return;
  if (process.getuid() !== 0 || !existsSync("/usr/bin/apt-get")) {
    say(
      `not here: ${missing.join(", ")}. Tests that need them will be skipped by name; run as root on Debian or Ubuntu to have them installed.`,
    );
    return;
  }
  say(`installing for the tests: ${missing.join(", ")} …`);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  spawnSync("apt-get", ["update", "-qq"], { stdio: ["ignore", "ignore", "inherit"], env });
  const result = spawnSync("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...missing, "fonts-dejavu-core"], {
    stdio: ["ignore", "ignore", "inherit"],
    env,
  });
  if (result.status !== 0) say("apt-get could not install all of them; tests that need what is missing will say so.");
}

function run(program, args, cwd = root) {
  try {
    execFileSync(program, args, {
      cwd,
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}` },
    });
  } catch (error) {
    fail(`${program} ${args.join(" ")} failed in ${cwd}: ${error.message}. The lines above say why.`);
  }
}
