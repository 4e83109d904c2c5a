/** A small network's last quarter of an hour, the same every time: for screenshots and for lists that are longer than a screen. */
import { AT_GATEWAY, example3, examples1and2, INBOUND, type Row, row } from "./rows.ts";

const LAPTOP = { ...AT_GATEWAY, src_ip: "100.102.137.21" } as const;
const PHONE = { ...AT_GATEWAY, src_ip: "100.102.137.22" } as const;
const PRINTER = { ...AT_GATEWAY, src_ip: "100.102.137.30" } as const;
const DNS = {
  dst_ip: "100.102.137.4",
  dst_port: 53,
  protocol: 17,
  src_bytes: 71,
  dst_bytes: 143,
  end_reason: "timeout",
} as const;
const GITHUB = { dst_ip: "140.82.113.26", domain: "github.com", domain_source: "sni" } as const;

interface Scene {
  readonly lifeMs: number;
  readonly change: Row;
}

const SCENES: readonly Scene[] = [
  { lifeMs: 9400, change: { ...LAPTOP, ...GITHUB, src_bytes: 18_230, dst_bytes: 402_113 } },
  { lifeMs: 12, change: { ...LAPTOP, ...DNS } },
  { lifeMs: 3100, change: { dst_port: 5432, src_bytes: 9_120, dst_bytes: 1_204_551 } },
  {
    lifeMs: 61_000,
    change: {
      ...PHONE,
      dst_ip: "203.0.113.10",
      domain: "cdn.example.net",
      domain_source: "quic",
      protocol: 17,
      src_bytes: 201_990,
      dst_bytes: 48_113_002,
    },
  },
  { lifeMs: 8, change: { ...PHONE, ...DNS, dst_bytes: 97 } },
  { lifeMs: 2400, change: { ...PRINTER, dst_ip: "10.20.3.4", dst_port: 9100, src_bytes: 812_441, dst_bytes: 3_120 } },
  {
    lifeMs: 4000,
    change: {
      protocol: 1,
      src_port: null,
      dst_port: null,
      icmp_type: 8,
      icmp_code: 0,
      icmp_id: 7,
      src_bytes: 336,
      dst_bytes: 336,
      src_packets: 4,
      dst_packets: 4,
      end_reason: "timeout",
    },
  },
  {
    lifeMs: 63_000,
    change: {
      ...LAPTOP,
      dst_ip: "10.20.9.9",
      dst_port: 3389,
      src_bytes: 300,
      dst_bytes: 0,
      src_packets: 5,
      dst_packets: 0,
      verdict: "unanswered",
      end_reason: "timeout",
    },
  },
  {
    lifeMs: 14_000,
    change: { dst_ip: "10.20.0.5", domain: "wiki.corp.example", domain_source: "sni", src_bytes: 5_402, dst_bytes: 88_930 },
  },
  {
    lifeMs: 21,
    change: {
      reporter: "officegw",
      src_ip: "100.102.137.5",
      dst_port: 123,
      protocol: 17,
      src_bytes: 76,
      dst_bytes: 76,
      end_reason: "timeout",
    },
  },
  {
    lifeMs: 700,
    change: {
      ...PHONE,
      dst_ip: "2001:db8:1::25",
      src_ip: "fd00:137::22",
      dst_port: 993,
      domain: "mail.example.org",
      domain_source: "dns",
      src_bytes: 4_018,
      dst_bytes: 22_908,
    },
  },
  {
    lifeMs: 5,
    change: {
      dst_ip: "100.102.137.77",
      dst_port: 22,
      src_bytes: 180,
      dst_bytes: 0,
      src_packets: 3,
      dst_packets: 0,
      verdict: "unanswered",
    },
  },
];

/** Rows of `count` connections before `nowMs`, about one every few seconds; the newest ones are still open. */
export function quarterHour(nowMs: number, count = 120): Row[] {
  const rows: Row[] = [];
  for (let i = 0; i < count; i++) {
    const scene = SCENES[(i * 7) % SCENES.length] as Scene;
    const startMs = nowMs - 9_000 - i * 5_700 - ((i * 389) % 2_300);
    rows.push(
      row(startMs, Math.min(scene.lifeMs, nowMs - startMs), { src_port: 32_768 + ((i * 1231) % 28_000), ...scene.change }),
    );
  }
  const [inetgw, debian] = examples1and2(nowMs - 31_000);
  return [...rows, ...openRows(nowMs), inetgw, debian, example3(nowMs - 78_000, 61_000)];
}

function openRows(nowMs: number): Row[] {
  const open = { state: "open" } as const;
  const backup = { ...INBOUND, ...open, src_port: 51_022, dst_port: 22, src_bytes: 3_112_400_123, dst_bytes: 51_220_004 };
  const video = {
    ...LAPTOP,
    ...open,
    src_port: 40_112,
    dst_ip: "203.0.113.26",
    domain: "video.example.net",
    domain_source: "sni",
  };
  const trying = { ...PHONE, ...open, src_port: 40_990, dst_ip: "10.20.7.1", dst_port: 445, verdict: null };
  return [
    row(nowMs - 312_000, 311_000, backup),
    row(nowMs - 42_000, 41_000, { ...video, src_bytes: 410_220, dst_bytes: 29_004_118 }),
    row(nowMs - 4_000, 3_000, { ...trying, src_bytes: 120, dst_bytes: 0, src_packets: 2, dst_packets: 0 }),
  ];
}
