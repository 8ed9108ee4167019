/** A part of the validator that is measured: its files, and the tests that alone have to notice each change of them. */
export type Wing = { sources: readonly string[]; tests: readonly string[] };

/**
 * The wings, as globs from the root. A wing's mutants meet the wing's own tests and those that use it closely, not all: a mutant that only
 * a far-off test notices is noticed by luck. No test here starts a process or a PostgreSQL, because each one runs hundreds of times.
 */
export const MUTATED_WINGS = {
  checks: wing("checks", []),
  judge: { sources: ["validation/judge.ts"], tests: ["validation/judge.test.ts"] },
  histories: wing("histories", []),
  evidence: wing(
    "evidence",
    [],
    [
      "validation/evidence/compare-rows.test.ts",
      // It damages each line in each way: too long for each mutant. Every file has a short test of its own.
      "validation/evidence/tampering.test.ts",
    ],
  ),
  load: wing("load", []),
  engine: {
    // The first module of a thread, in which no mutant is switched on.
    sources: ["validation/engine/*.ts", "!validation/engine/*.test.ts", "!validation/engine/partition-worker.ts"],
    tests: ["validation/engine/*.test.ts", "!validation/engine/read-partition.test.ts"],
  },
  mapping: wing("mapping", []),
  truth: wing("truth", []),
  sinks: wing("sinks", [], ["validation/sinks/snapshot.test.ts"]),
  read: wing("read", [], ["validation/read/commit-times.test.ts"]),
  slo: wing("slo", []),
  premises: wing("premises", [], ["validation/premises/postgres-premises.test.ts"]),
  validate: { sources: ["validation/validate.ts"], tests: ["validation/validate.test.ts"] },
} as const satisfies Record<string, Wing>;
export type WingName = keyof typeof MUTATED_WINGS;

export const WING_NAMES = Object.keys(MUTATED_WINGS) as WingName[];

function wing(folder: string, more: readonly string[], without: readonly string[] = []): Wing {
  const own = `validation/${folder}`;
  return {
    sources: [`${own}/*.ts`, `!${own}/*.test.ts`],
    tests: [`${own}/*.test.ts`, ...more, ...without.map((file) => `!${file}`)],
  };
}

/** The environment variable that tells Stryker and Vitest, in their processes, which wing is measured. */
export const WING_VARIABLE = "FAULTLINE_MUTANTS";
/** The one that names a single file of the wing. */
export const FILE_VARIABLE = "FAULTLINE_MUTANTS_FILE";

/** @returns the wing of this process. @throws Error if the variable names none. */
export function wingOfProcess(): { name: WingName } & Wing {
  const name = process.env[WING_VARIABLE] as WingName;
  if (!WING_NAMES.includes(name)) throw new Error(`${WING_VARIABLE}=${name} is no wing: run ./faultline test mutants`);
  return { name, ...MUTATED_WINGS[name] };
}
