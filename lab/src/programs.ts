/** What the lab needs of the machine, and which Debian package brings it. */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { LabError } from "./errors.ts";

/** Program → Debian package. `conntrack` and `wg` are not among them: the lab itself does without. */
export const labPrograms: Readonly<Record<string, string>> = {
  ip: "iproute2",
  nft: "nftables",
  "wireguard-go": "wireguard-go",
  dnsmasq: "dnsmasq-base",
  openssl: "openssl",
  ping: "iputils-ping",
};

/** As `labPrograms`, for single scenarios that are skipped without. */
export const optionalPrograms: Readonly<Record<string, string>> = {
  socat: "socat",
  gtlsclient: "ngtcp2-client",
  gtlsserver: "ngtcp2-server",
};

/** A user's PATH often lacks the sbin folders; sudo keeps it so. */
const searchPath = (): string[] => [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];

export const labPath = (): string => [...new Set(searchPath())].join(delimiter);

export function isOnPath(program: string): boolean {
  return searchPath().some((dir) => {
    try {
      accessSync(join(dir, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws LabError LAB_NOT_LINUX, LAB_NOT_ROOT, LAB_MISSING_PROGRAMS or LAB_NO_TUN */
export function checkMachine(): void {
  if (process.platform !== "linux")
    throw new LabError(
      { code: "LAB_NOT_LINUX", platform: process.platform },
      "the lab is made of Linux network namespaces: it runs on Linux only",
    );
  checkRoot();
  const programs = Object.keys(labPrograms).filter((program) => !isOnPath(program));
  if (programs.length > 0) {
    const packages = programs.map((program) => labPrograms[program]!);
    throw new LabError(
      { code: "LAB_MISSING_PROGRAMS", programs, packages },
      `the lab needs ${programs.join(", ")}; on Debian or Ubuntu: apt-get install ${packages.join(" ")}`,
    );
  }
  if (!existsSync("/dev/net/tun"))
    throw new LabError(
      { code: "LAB_NO_TUN" },
      "there is no /dev/net/tun, which WireGuard needs (load the kernel's tun module, or give the container that device)",
    );
}

/** @throws LabError LAB_NOT_ROOT */
export function checkRoot(): void {
  if (process.getuid?.() !== 0)
    throw new LabError({ code: "LAB_NOT_ROOT" }, "the lab makes network namespaces, which only root may: run it with sudo");
}
