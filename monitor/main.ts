import { serve } from "../machine/service-process.ts";
import { runMonitor } from "./monitor.ts";
import { parseOptions } from "./options.ts";

/** The process that watches a run. Ends with 0 on SIGTERM or SIGINT, when its files are whole. */
await serve("monitor", (log, stop) => runMonitor(parseOptions(process.argv.slice(2), process.env), log, stop));
