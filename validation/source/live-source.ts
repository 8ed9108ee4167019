import { KafkaLog } from "../read/kafka-log.ts";
import type { LogRange } from "../read/kafka-log.ts";
import { PostgresReader } from "../sinks/postgres.ts";
import { partQuery } from "./part-query.ts";
import type { LivePlace } from "./place.ts";
import type { PartitionSource, TablePart } from "./run-source.ts";

/** Kafka and PostgreSQL, with connections of its own, in the snapshot of the one who exported it. */
export class LiveSource implements PartitionSource {
  readonly #place: LivePlace;
  readonly #kafka: KafkaLog;
  #postgres: Promise<PostgresReader> | undefined;

  constructor(place: LivePlace) {
    this.#place = place;
    this.#kafka = new KafkaLog(place.brokers, place.topic);
  }

  /** @throws FaultlineError FL_POSTGRES_AUTH, FL_POSTGRES_UNREACHABLE */
  async copy(part: TablePart, signal: AbortSignal, take: (chunk: Buffer) => void): Promise<void> {
    const { postgres, snapshot = "" } = this.#place;
    this.#postgres ??= PostgresReader.connect(postgres).then(async (reader) => {
      await reader.joinSnapshot(snapshot);
      return reader;
    });
    await (await this.#postgres).copy(partQuery(this.#place, part), signal, take);
  }

  /** @throws FaultlineError FL_KAFKA_UNREACHABLE */
  async log(range: LogRange, signal: AbortSignal, take: (batches: Buffer, position: number) => number): Promise<void> {
    await this.#kafka.read(range, take, signal);
  }

  async close(): Promise<void> {
    const postgres = await this.#postgres?.catch(() => undefined);
    await Promise.all([postgres?.close(), this.#kafka.close()]);
  }
}
