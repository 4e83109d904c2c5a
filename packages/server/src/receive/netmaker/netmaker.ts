/** The door for Netmaker's own agents: gRPC in, rows out. Off unless it is told where to listen. */
import type { ServerError } from "../../errors.ts";
import { formatListen, listenError } from "../../listen.ts";
import type { ClickHouse } from "../../store/clickhouse.ts";
import { isTransient } from "../../store/errors.ts";
import { TlsError } from "../../tls/errors.ts";
import { type EnvelopeAnswer, NetmakerDoor } from "./door.ts";
import { Forward, type ForwardStats } from "./forward.ts";
import { type ListenerConfig, type ListenerStats, NetmakerListener } from "./listener.ts";
import type { NetmakerStats } from "./stats.ts";
import { StoredFlows } from "./stored-flows.ts";

export interface NetmakerConfig extends ListenerConfig {
  readonly hostRate: number;
  readonly holdMs: number;
  readonly shared: boolean;
  /** Netmaker's own collector, which gets the same. */
  readonly forward?: string | undefined;
}

export type NetmakerReport = NetmakerStats &
  ListenerStats & {
    /** HOST:PORT; null while it is not up. */
    readonly address: string | null;
    readonly tls: boolean;
    /** Why the certificate in its file is not in force, or that it ends soon. */
    readonly certificateProblem: string | null;
    /** What is to be known of who may report. */
    readonly warning: string | null;
    /** Null: nothing is passed on. */
    readonly forward: ForwardStats | null;
  };

type DoorDeps = ConstructorParameters<typeof NetmakerDoor>[1];
export type NetmakerDeps = Omit<DoorDeps, "isTransient" | "storedFlows" | "logger"> & {
  readonly clickhouse: Pick<ClickHouse, "rows">;
  readonly logger: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
};

export class Netmaker {
  readonly #config: NetmakerConfig;
  readonly #door: NetmakerDoor;
  readonly #listener: NetmakerListener;
  readonly #forward: Forward | null;

  constructor(config: NetmakerConfig, deps: NetmakerDeps) {
    this.#config = config;
    this.#door = new NetmakerDoor(config, { ...deps, isTransient, storedFlows: new StoredFlows(deps) });
    this.#forward = config.forward === undefined ? null : new Forward(config.forward, deps);
    this.#listener = new NetmakerListener(config, {
      now: deps.now,
      logger: deps.logger,
      take: (events, signal) => this.#take(events, signal),
    });
  }

  /** @throws ServerError, TlsError */
  async start(): Promise<void> {
    await this.#listener.start().catch((error: unknown) => {
      throw startError(this.#config.listen, error);
    });
  }

  async stop(): Promise<void> {
    await this.#listener.stop();
    await this.#forward?.stop();
  }

  /** What was refused comes again: it is passed on when it is taken. */
  async #take(events: readonly Uint8Array[], signal: AbortSignal): Promise<EnvelopeAnswer> {
    const answer = await this.#door.take(events, signal);
    if (answer.success) this.#forward?.offer(events);
    return answer;
  }

  /** HOST:PORT; null while it is not up. */
  get address(): string | null {
    const address = this.#listener.address;
    return address === null ? null : formatListen({ host: address.address, port: address.port });
  }

  get report(): NetmakerReport {
    const { tls } = this.#config;
    return {
      ...this.#door.stats,
      ...this.#listener.stats,
      address: this.address,
      tls: tls.cert !== undefined,
      certificateProblem: this.#listener.certificate?.problem ?? null,
      warning: this.#listener.warning,
      forward: this.#forward?.stats ?? null,
    };
  }
}

function startError(listen: NetmakerConfig["listen"], cause: unknown): ServerError | TlsError {
  if (cause instanceof TlsError)
    return new TlsError(cause.data, `can't let Netmaker's agents in: ${cause.message} (netmaker.tls)`, { cause });
  return listenError(listen, cause, "--netmaker-listen");
}
