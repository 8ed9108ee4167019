import { type ErrorCode, FaultlineError } from "./errors.ts";

/**
 * Stands in place of a capability that a runtime lacks. `absent`: the reason, as one sentence without a full stop.
 * `remedy`: what to do instead, where there is something.
 */
export type Absent = { readonly absent: string; readonly remedy?: string };

/** A capability, or why there is none. */
export type Capability<T extends object> = T | Absent;

export function isAbsent(capability: Capability<object>): capability is Absent {
  return "absent" in capability;
}

/** @returns the capability. @throws FaultlineError with the given code and the reason when it is absent. */
export function required<T extends object>(capability: Capability<T>, code: ErrorCode = "FL_FAULT_UNAVAILABLE"): T {
  if (!("absent" in capability)) return capability;
  const { absent, remedy } = capability;
  throw new FaultlineError(code, absent, remedy === undefined ? {} : { remedy });
}
