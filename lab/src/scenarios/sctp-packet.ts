/** An SCTP packet with one INIT chunk (RFC 9260 §3.3.2): how an association begins. */

/** CRC32c (RFC 9260 appendix A), bit by bit: it is for a few dozen bytes. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** 32 bytes: common header and INIT chunk without parameters. */
export function initPacket(srcPort: number, dstPort: number, initiateTag: number): Buffer {
  const packet = Buffer.alloc(32);
  packet.writeUInt16BE(srcPort, 0);
  packet.writeUInt16BE(dstPort, 2);
  packet.writeUInt32BE(0, 4); // an INIT has no verification tag yet
  packet[12] = 1; // INIT
  packet.writeUInt16BE(20, 14);
  packet.writeUInt32BE(initiateTag, 16);
  packet.writeUInt32BE(65536, 20); // receiver window
  packet.writeUInt16BE(1, 24); // outbound streams
  packet.writeUInt16BE(1, 26); // inbound streams
  packet.writeUInt32BE(initiateTag, 28); // first TSN
  packet.writeUInt32LE(crc32c(packet), 8);
  return packet;
}
