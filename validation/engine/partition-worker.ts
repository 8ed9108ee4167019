import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { openPlace } from "../source/open-place.ts";
import { servePartitions, type WorkerData } from "./serve-partitions.ts";

// A thread's first module: read-partitions.ts starts it.
const data = workerData as WorkerData;
servePartitions(parentPort as MessagePort, data, openPlace(data.place));
