import { checkRuntimeName } from "../contract/config.ts";
import { RUNTIME_NAMES, type RuntimeName } from "../contract/stack.ts";
import { composeRuntime, composeRuntimeInside, insideCompose } from "./compose/runtime.ts";
import { localRuntime } from "./local/runtime.ts";
import type { Place } from "./place.ts";
import type { Runtime } from "./runtime.ts";

/** Every runtime, as a process outside of its stack sees it. */
const RUNTIMES: Record<RuntimeName, (place: Place) => Runtime> = { local: localRuntime, compose: composeRuntime };

/**
 * The one place that chooses a runtime: the flag, else FAULTLINE_RUNTIME, else the fallback, else the first of RUNTIME_NAMES
 * whose stack is here, else local. In a container of a compose stack there is only that stack.
 * @throws FaultlineError FL_CONFIG_INVALID for a name that is no runtime.
 */
export function chooseRuntime(place: Place, flag?: RuntimeName, fallback?: RuntimeName): Runtime {
  if (insideCompose(place.environment)) return composeRuntimeInside(place);
  const named = flag ?? checkRuntimeName(place.environment["FAULTLINE_RUNTIME"], "FAULTLINE_RUNTIME") ?? fallback;
  if (named !== undefined) return RUNTIMES[named](place);
  for (const name of RUNTIME_NAMES) {
    const runtime = RUNTIMES[name](place);
    if (isHere(runtime)) return runtime;
  }
  return localRuntime(place);
}

/** A stack file that can't be read is a stack all the same: `down --volumes`, the remedy, must reach it. */
function isHere(runtime: Runtime): boolean {
  try {
    return runtime.find() !== undefined || (!("absent" in runtime.relay) && runtime.relay.isUp());
  } catch {
    return true;
  }
}
