import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { javaCommand, nodeEnvironment } from "../state/layout.ts";
import { archiveOptions } from "./class-archive.ts";
import { kafkaDirectory, kafkaLogging, kafkaProperties } from "./kafka.ts";
import { runTool } from "./run-tool.ts";
import type { Settings } from "../state/settings.ts";

/**
 * Formats a node's storage (once) and writes its configuration (always: ports may change). The storage is formatted beside its place and
 * moved there, so that it is there whole or not at all. With ZooKeeper a broker makes its storage itself.
 * @param archive see kafkaClassArchive.
 */
export async function prepareKafka(
  settings: Settings,
  stateDirectory: string,
  id: number,
  jars: string,
  archive: string | undefined,
  signal?: AbortSignal,
): Promise<void> {
  const directory = kafkaDirectory(stateDirectory, id);
  const storage = kafkaStorage(stateDirectory, id);
  mkdirSync(directory, { recursive: true });
  if (settings.coordination === "kraft" && !existsSync(storage)) {
    const temporary = join(directory, "log.new");
    rmSync(temporary, { recursive: true, force: true });
    const properties = join(directory, "format.properties");
    writeFileAtomic.sync(properties, kafkaProperties(settings, id, temporary));
    await runTool({
      title: `format storage of kafka-${id}`,
      command: javaCommand(),
      args: [
        "-Xmx128m",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        ...archiveOptions(archive),
        ...kafkaLogging(),
        "-cp",
        `${jars}/*`,
        "kafka.tools.StorageTool",
      ].concat(["format", `--cluster-id=${settings.cluster_id}`, "-c", properties]),
      env: nodeEnvironment(),
      cwd: dirname(properties),
      stateDirectory,
      timeoutMs: 120_000,
      signal,
    });
    renameSync(temporary, storage);
    rmSync(properties, { force: true });
  }
  writeKafkaConfiguration(settings, stateDirectory, id);
}

/** Written again at every `up`, and when a link is put before the node: ports may change. */
export function writeKafkaConfiguration(settings: Settings, stateDirectory: string, id: number): void {
  writeFileAtomic.sync(
    join(kafkaDirectory(stateDirectory, id), "server.properties"),
    kafkaProperties(settings, id, kafkaStorage(stateDirectory, id)),
  );
}

function kafkaStorage(stateDirectory: string, id: number): string {
  return join(kafkaDirectory(stateDirectory, id), "log");
}
