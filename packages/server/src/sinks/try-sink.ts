/** Hands a sample record to a sink's endpoint once, and tells what became of it. */
import { adviceFor } from "./advice.ts";
import { shortText } from "./engine/deliver.ts";
import type { SendResult, Why } from "./ports.ts";
import { sampleEvent } from "./sample-event.ts";
import type { SinkConfig } from "./sink-config.ts";
import type { Sinks } from "./sinks.ts";

export interface Tried {
  readonly ok: boolean;
  readonly said: string;
  readonly error: string | null;
  readonly advice: string | null;
  readonly ms: number;
}

const TIME_MS = 60_000;

/** @throws SinkError BAD_SINK */
export async function trySink(
  sinks: Pick<Sinks, "transport">,
  id: string,
  sink: SinkConfig,
  secrets: Readonly<Record<string, string>>,
  nowMs: number,
): Promise<Tried> {
  const transport = sinks.transport(id, sink, secrets);
  const began = performance.now();
  const signal = AbortSignal.timeout(TIME_MS);
  let why: Why | null;
  try {
    await transport.open(signal);
    why = refusalOf(await transport.send([sampleEvent(nowMs)], signal));
  } catch (error) {
    why = { reason: "failed", message: shortText(error) };
  } finally {
    await transport.close();
  }
  const ms = Math.round(performance.now() - began);
  if (why === null) return { ok: true, said: "A sample record was taken.", error: null, advice: null, ms };
  return { ok: false, said: "", error: why.message || why.reason, advice: adviceFor(why), ms };
}

function refusalOf(result: SendResult): Why | null {
  switch (result.kind) {
    case "taken":
      return result.unnamed ?? null;
    case "partly":
      return result.refused[0] ?? { reason: "busy", message: "it is to be sent again" };
    default:
      return result;
  }
}
