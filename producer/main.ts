import { serve } from "../machine/service-process.ts";
import { parseOptions } from "./options.ts";
import { runProducer } from "./producer.ts";

await serve("producer", (log, stop) => runProducer(parseOptions(process.argv.slice(2), process.env), log, stop));
