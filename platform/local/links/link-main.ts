import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { pino } from "pino";
import { poll, systemClock } from "../../../machine/clock.ts";
import { FaultlineError } from "../../../contract/errors.ts";
import { type DelayProxy, startDelayProxy } from "../../link/delay-proxy.ts";
import { type DelayCondition, LinkConditions, totalDelay } from "./delay-files.ts";
import { linkEnds } from "../state/node-ports.ts";
import { readSettings } from "../state/settings.ts";

/** The process of one link: forwards to the node behind, as late as the conditions that lie on it say. Ends on SIGTERM. */
const { values } = parseArgs({ options: { "state-dir": { type: "string" }, node: { type: "string" } } });
const { "state-dir": stateDirectory, node } = values;
if (stateDirectory === undefined || node === undefined) throw new Error("--state-dir and --node are needed");

const log = pino(
  { base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime },
  pino.destination({ dest: 1, sync: true }),
);
const settings = readSettings(stateDirectory);
const ends = settings === undefined ? undefined : linkEnds(settings, node);
if (ends === undefined) {
  log.error({ node }, "no link is known to the settings");
  process.exit(64);
}
process.on("SIGTERM", () => process.exit(0));

/** How often the conditions are read: a delay begins at most so much later than it was asked for. It ends on time. */
const POLL_MS = 50;
/** The node itself may have the port until it has moved. */
const PORT_TIMEOUT_MS = 120_000;

const files = new LinkConditions(stateDirectory, node);
let conditions: DelayCondition[] = files.all();

let tries = 0;
async function listen(): Promise<DelayProxy | undefined> {
  try {
    return await startDelayProxy({
      ...(ends as NonNullable<typeof ends>),
      delay: () => totalDelay(conditions, Date.now()),
    });
  } catch (error) {
    if (!(error instanceof FaultlineError) || error.code !== "FL_PORT_IN_USE") throw error;
    if (tries++ === 0) log.info({ port: ends?.listen.port }, "waiting for the port");
    return undefined;
  }
}

if ((await poll(systemClock, PORT_TIMEOUT_MS, listen, { everyMs: POLL_MS })) === undefined) {
  log.error({ port: ends.listen.port }, "the port did not become free");
  process.exit(1);
}
log.info({ node, listen: ends.listen, target: ends.target }, "forwarding");

let written = "";
for (;;) {
  try {
    conditions = files.all();
    const text = JSON.stringify(conditions);
    if (text !== written) {
      files.writeTaken({ pid: process.pid, conditions });
      written = text;
      log.info({ conditions }, "conditions");
    }
  } catch (error) {
    // A full disk, say. What is known goes on to hold until its time; the next look tries again.
    log.error({ err: error }, "conditions could not be read or confirmed");
  }
  await sleep(POLL_MS);
}
