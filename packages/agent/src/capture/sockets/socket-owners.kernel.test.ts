/** Asked of the real kernel about sockets of this process. Needs no capability. */
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { parseAddress } from "@flowtrail/model";
import { afterEach, describe, expect, it } from "vitest";
import { SocketOwners } from "./socket-owners.ts";

const TCP = 6;
const UDP = 17;
const owners = new SocketOwners();
const open: { close(): void }[] = [];
afterEach(() => {
  owners.close();
  for (const one of open.splice(0)) one.close();
});

type End = readonly [address: string, port: number];

/** The inode of the socket that the kernel names. */
function find(protocol: number, local: End, far: End): number | undefined {
  const bytes = Buffer.concat([local, far].map(([text]) => parseAddress(text)!));
  const owner = owners.find(protocol, bytes, 0, local[1], 16, far[1]);
  if (owner !== null) expect(owner.uid).toBe(process.getuid?.());
  return owner?.inode;
}

function inodes(): Set<number> {
  const links = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`);
    } catch {
      return ""; // that of the listing itself
    }
  });
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.slice(1).map(Number) ?? []));
}

/** The inode of the one socket that `make` opens. */
async function opened(make: () => Promise<unknown>): Promise<number> {
  const before = inodes();
  await make();
  const [inode, ...others] = [...inodes()].filter((one) => !before.has(one));
  expect(others).toEqual([]);
  return inode!;
}

function udp(address: string): Promise<Socket> {
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  open.push(socket);
  return new Promise((resolve) => socket.bind(0, address, () => resolve(socket)));
}

describe("SocketOwners", () => {
  it.each([
    ["127.0.0.1", "127.0.0.2", "0.0.0.0"],
    ["::1", "::1", "::"],
  ])("knows a UDP socket by its own end, whoever listens on the far end's port (%s)", async (local, far, any) => {
    let [listening, asking] = [0, 0];
    const listener = await opened(async () => {
      listening = (await udp(any)).address().port;
    });
    const asker = await opened(async () => {
      const socket = await udp(local);
      asking = socket.address().port;
      socket.connect(listening, far);
      await once(socket, "connect");
    });
    expect(find(UDP, [local, asking], [far, listening])).toBe(asker);
    expect(find(UDP, [far, listening], [local, asking])).toBe(listener);
    // Nobody here asked this.
    expect(find(UDP, [local, 1], [far, listening])).toBeUndefined();
  });

  it("knows both ends of a TCP connection", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    open.push(server);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const before = inodes();
    const accepted = once(server, "connection");
    const socket = connect(port, "127.0.0.1");
    const [other] = await accepted;
    open.push({ close: () => socket.destroy() }, { close: () => other.destroy() });
    if (socket.connecting) await once(socket, "connect");
    const made = new Set([...inodes()].filter((one) => !before.has(one)));
    const ends: [End, End] = [
      ["127.0.0.1", socket.localPort!],
      ["127.0.0.1", port],
    ];
    const found = [find(TCP, ends[0], ends[1]), find(TCP, ends[1], ends[0])];
    expect(new Set(found)).toEqual(made);
    expect(find(TCP, ends[0], ["127.0.0.1", 1])).toBeUndefined();
  });
});
