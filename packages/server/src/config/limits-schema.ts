/** Keys of how much one client, and all of them, may have at once. */
import { count, duration, group } from "@flowtrail/settings";

const most = (description: string, unit: string, value: number) =>
  count({ description, min: 1, max: 1_000_000, unit, default: value });

export const limits = group({
  connections: most("most connections at once", "connections", 10_000),
  address_connections: most("most connections of one address, but for those of auth.proxy.from", "connections", 1000),
  header_time: duration({
    description: "until the TLS handshake is done, and until all headers of a request are there",
    min: "1s",
    max: "5m",
    default: "10s",
  }),
  request_time: duration({
    description: "until all of a request is there, its body included",
    min: "1s",
    max: "1h",
    default: "5m",
  }),
  streams: most("live streams that one account or token may have open", "streams", 20),
  address_streams: most("live streams of one address", "streams", 100),
  exports: most("exports that one account or token may have running or waiting", "exports", 4),
  address_exports: most("exports of one address", "exports", 20),
  questions: most("questions that one account or token may have running or waiting", "questions", 100),
  address_questions: most("questions of one address", "questions", 500),
});
