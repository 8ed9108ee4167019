import { globSync } from "node:fs";
import { registerHooks } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { CollectedTest, Suite } from "./test-api.ts";
import { wingOfProcess } from "./wings.ts";

/** What Stryker's instrumented code and its runner tell each other. */
type Namespace = {
  activeMutant?: string | undefined;
  currentTestId?: string | undefined;
  mutantCoverage?: unknown;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
};
const NAMESPACE = "__stryker__";
const shared = globalThis as { [NAMESPACE]?: Namespace };
const stryker = (shared[NAMESPACE] ??= {});

type MutantRun = {
  activeMutant: { id: string };
  testFilter?: string[];
  hitLimit?: number;
  mutantActivation: "runtime" | "static";
  reloadEnvironment: boolean;
};
type Failure = { test: CollectedTest; message: string };

/** Stryker's numbers for the status of a test. */
const [PASSED, FAILED] = [0, 1];
const API = new URL("./test-api.ts", import.meta.url).href;

/** Number of the present copy of all modules: each one is loaded as many times as there are copies. */
let copy = 0;
const root = pathToFileURL(`${resolve(".")}/`).href;
/** What a mutant may change: all but packages and this runner itself. */
const isReloaded = (url: string) =>
  url.startsWith(root) && !url.includes("/node_modules/") && !url.startsWith(`${root}cli/mutants/`);
registerHooks({
  resolve(specifier, context, next) {
    if (specifier === "vitest" && isReloaded(context.parentURL ?? "")) return { url: API, shortCircuit: true };
    const found = next(specifier, context);
    return isReloaded(found.url) && found.format !== "json" ? { ...found, url: `${found.url}?copy=${copy}` } : found;
  },
});
// What a mutant leaves behind must not end the process in which the next one is tested.
process.on("unhandledRejection", () => undefined);
// Stryker was ended, and nobody asks for results any more.
process.on("disconnect", () => process.exit(1));

/**
 * Runs the wing's tests within Stryker's own process: each module is loaded once, and a mutant is only switched on. Stryker's runner for
 * Vitest starts a thread and loads everything again for each mutant, which takes a hundred times as long as most of the tests.
 */
class InProcessRunner {
  #tests: CollectedTest[] | undefined;
  readonly #tookMs = new Map<string, number>();

  capabilities(): { reloadEnvironment: boolean } {
    return { reloadEnvironment: true };
  }

  async dryRun(): Promise<object> {
    this.#tests = undefined;
    stryker.mutantCoverage = undefined;
    const tests = await this.#load();
    const results: object[] = [];
    const failures = await this.#run(tests, false, (test, failure) => {
      const { id, name, file } = test;
      const timeSpentMs = this.#tookMs.get(id) ?? 0;
      const result = { id, name, fileName: resolve(file), timeSpentMs };
      results.push(
        failure === undefined
          ? { ...result, status: PASSED }
          : { ...result, status: FAILED, failureMessage: failure.message },
      );
    });
    stryker.currentTestId = undefined;
    if (failures.length === 0 && results.length === 0) return { status: "error", errorMessage: "the wing has no test" };
    return { status: "complete", tests: results, mutantCoverage: stryker.mutantCoverage };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    mutantActivation,
    reloadEnvironment,
  }: MutantRun): Promise<object> {
    stryker.hitCount = hitLimit === undefined ? undefined : 0;
    stryker.hitLimit = hitLimit;
    stryker.activeMutant = mutantActivation === "static" ? activeMutant.id : undefined;
    if (reloadEnvironment) this.#tests = undefined;
    let failures: Failure[];
    let chosen: CollectedTest[] = [];
    try {
      const tests = await this.#load();
      chosen = testFilter === undefined ? tests : tests.filter(({ id }) => testFilter.includes(id));
      // Most mutants die in the first test: let it be a short one.
      chosen.sort((a, b) => (this.#tookMs.get(a.id) ?? 0) - (this.#tookMs.get(b.id) ?? 0));
      stryker.activeMutant = activeMutant.id;
      failures = await this.#run(chosen, true, () => undefined);
    } catch (error) {
      // The mutant broke the loading of a module.
      failures = [{ test: { id: "loading" } as CollectedTest, message: String(error) }];
    }
    stryker.activeMutant = undefined;
    // A module that was loaded under a mutant keeps what it computed then.
    if (reloadEnvironment) this.#tests = undefined;
    if (hitLimit !== undefined && (stryker.hitCount ?? 0) > hitLimit)
      return { status: "timeout", reason: `Hit limit reached (${stryker.hitCount}/${hitLimit})` };
    const [failure] = failures;
    const nrOfTests = chosen.length;
    if (failure === undefined) return { status: "survived", nrOfTests };
    const killedBy = failure.test.id === "loading" ? [] : [failure.test.id];
    return { status: "killed", killedBy, failureMessage: failure.message, nrOfTests };
  }

  async #load(): Promise<CollectedTest[]> {
    if (this.#tests !== undefined) return this.#tests;
    copy += 1;
    const api = (await import(API)) as typeof import("./test-api.ts");
    api.takeTests();
    for (const file of testFiles()) {
      api.beginFile(file);
      await import(pathToFileURL(resolve(file)).href);
    }
    return (this.#tests = api.takeTests());
  }

  async #run(
    tests: readonly CollectedTest[],
    bail: boolean,
    told: (test: CollectedTest, failure: Failure | undefined) => void,
  ): Promise<Failure[]> {
    const begun = new Set<Suite>();
    const failures: Failure[] = [];
    for (const test of tests) {
      const beganMs = performance.now();
      let failure: Failure | undefined;
      stryker.currentTestId = test.id;
      try {
        for (const suite of test.suites)
          if (!begun.has(suite)) {
            begun.add(suite);
            for (const hook of suite.beforeAll) await hook();
          }
        for (const suite of test.suites) for (const hook of suite.beforeEach) await hook();
        await test.run();
      } catch (error) {
        failure = { test, message: error instanceof Error ? error.message : String(error) };
      }
      for (const suite of test.suites) for (const hook of suite.afterEach) await tried(hook);
      if (!bail) this.#tookMs.set(test.id, performance.now() - beganMs);
      stryker.currentTestId = undefined;
      told(test, failure);
      if (failure !== undefined) failures.push(failure);
      if (failure !== undefined && bail) break;
    }
    for (const suite of begun) for (const hook of suite.afterAll) await tried(hook);
    return failures;
  }
}

/** The test before has said already what is wrong. */
async function tried(hook: () => unknown): Promise<void> {
  try {
    await hook();
  } catch {
    // Nothing depends on it.
  }
}

function testFiles(): string[] {
  const { tests } = wingOfProcess();
  const without = new Set(tests.flatMap((glob) => (glob.startsWith("!") ? glob.slice(1) : [])));
  const found = tests.filter((glob) => !glob.startsWith("!")).flatMap((glob) => globSync(glob));
  return [...new Set(found)].filter((file) => !without.has(file)).toSorted();
}

/** Stryker's plugin, in the form that its loader wants. */
export const strykerPlugins = [{ kind: "TestRunner", name: "in-process", injectableClass: InProcessRunner }];
