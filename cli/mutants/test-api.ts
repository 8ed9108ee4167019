import { format } from "node:util";

export { expect } from "vitest";

/** A test as the runner runs it. `id` stays the same from process to process. */
export type CollectedTest = { id: string; name: string; file: string; run: () => unknown; suites: readonly Suite[] };
type Hook = () => unknown;
/** A file, or a `describe`, with its hooks. */
export type Suite = { name: string; beforeAll: Hook[]; afterAll: Hook[]; beforeEach: Hook[]; afterEach: Hook[] };
type Body = (...values: never[]) => unknown;

/** Vitest's API as far as the validator's tests use it, so that test files can be loaded without Vitest. */
const collected: CollectedTest[] = [];
let file = "";
let open: Suite[] = [];

/** Call this before a test file is loaded. */
export function beginFile(name: string): void {
  file = name;
  open = [suite("")];
}

/** @returns the tests of all files since the last call. */
export function takeTests(): CollectedTest[] {
  return collected.splice(0);
}

function suite(name: string): Suite {
  return { name, beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] };
}

function add(name: string, run: () => unknown): void {
  const path = [...open.slice(1).map((each) => each.name), name].join(" > ");
  const number = collected.filter((each) => each.file === file).length;
  // The name alone may have the time of day.
  collected.push({ id: `${file}#${number}`, name: `${file} ${number}: ${path}`, file, run, suites: open });
}

function each(define: (name: string, run: () => unknown) => void) {
  return (cases: readonly unknown[]) => (name: string, body: Body) => {
    for (const one of cases) {
      const values = Array.isArray(one) ? one : [one];
      // As many values as the name has places for.
      const shown = values.slice(0, name.match(/%[sdijo]/g)?.length ?? 0);
      define(format(name, ...shown), () => body(...(values as never[])));
    }
  };
}

export const test = Object.assign((name: string, body: () => unknown) => add(name, body), { each: each(add) });

function group(name: string, body: () => unknown): void {
  const outside = open;
  open = [...outside, suite(name)];
  body();
  open = outside;
}
export const describe = Object.assign(group, { each: each(group) });

const here = () => open.at(-1) as Suite;
export const beforeAll = (hook: Hook) => here().beforeAll.push(hook);
export const afterAll = (hook: Hook) => here().afterAll.push(hook);
export const beforeEach = (hook: Hook) => here().beforeEach.push(hook);
export const afterEach = (hook: Hook) => here().afterEach.push(hook);
