import type { EventBytes } from "../../contract/event.ts";
import type { Aggregate, Field, Pipeline } from "../../contract/pipeline.ts";
import { windowSizeMs } from "../../contract/pipeline.ts";
import type { GroupValues, StoredGroup } from "../sinks/stored-tables.ts";
import { exactInteger } from "../read/exact-integer.ts";
import { plainText, scaledValue } from "./event-values.ts";
import { GroupDifferences } from "./group-differences.ts";
import { GroupMap } from "./group-map.ts";
import { RecentGroups } from "./recent-groups.ts";
import { WindowOf } from "./window-of.ts";
import { decimalText, ExactSum } from "../read/exact-sum.ts";

/** What a group counts; sums are times 10^scale. */
type GroupFigures = Pick<GroupValues, "count" | "sums">;
type ComputedGroup = { count: number; sums: ExactSum[] };

/** U+0000 can stand in no text of an event, so keys can't run together. */
const SEPARATOR = "\u0000";

const INTEGERS = new Set(["int", "bigint"]);

/** One field of an event. */
type FieldAt = { index: number; field: Field };

/**
 * One aggregate of the pipeline: recomputed from the log, event by event, and as stored. Memory grows with its groups, not with events, and
 * `reduce` frees it.
 */
export class AggregateTable {
  readonly spec: Aggregate;
  /** Window, groups, shard. */
  readonly #keyColumns: readonly string[];
  #stored = new GroupMap<string, GroupFigures>();
  /** Rows that repeat another's group, or can't be read. */
  #odd: string[] = [];
  /** What was found in the groups that `reduce` has freed. */
  readonly reduced = new GroupDifferences();
  readonly #keyFields: FieldAt[];
  readonly #sumFields: FieldAt[];
  readonly #windowOf: WindowOf | undefined = undefined;
  /** By shard, then by group. A group of one column that is a number has it as its key: no text is made of it per event. */
  readonly #computed = new Map<number, GroupMap<unknown, ComputedGroup>>();
  readonly #isNumber: boolean;
  /** Of the shard and the window of the last event. */
  readonly #recent: RecentGroups<ComputedGroup>;
  #shard = Number.NaN;
  #groups = new GroupMap<unknown, ComputedGroup>();
  #windowMs = Number.NaN;

  constructor(pipeline: Pipeline, spec: Aggregate) {
    const at = (name: string): FieldAt => {
      const index = pipeline.fields.findIndex((item) => item.name === name);
      return { index, field: pipeline.fields[index] as Field };
    };
    this.spec = spec;
    this.#keyFields = spec.groupBy.map(at);
    this.#sumFields = Object.keys(spec.sums).map(at);
    const isSingle = spec.window === undefined && this.#keyFields.length === 1;
    this.#isNumber = isSingle && INTEGERS.has((this.#keyFields[0] as FieldAt).field.type);
    if (spec.window !== undefined)
      this.#windowOf = new WindowOf(at(spec.window.field).index, windowSizeMs(spec.window.size));
    this.#recent = new RecentGroups(this.#keyFields.map(({ index }) => index));
    this.#keyColumns = [...(spec.window === undefined ? [] : [spec.window.column]), ...spec.groupBy, "shard"];
  }

  /** Counts one event that the sink must have counted. `shard` is its Kafka partition. */
  add(event: EventBytes, shard: number): void {
    const group = this.#groupOf(event, shard);
    group.count += 1;
    for (let at = 0; at < this.#sumFields.length; at++) {
      const { index, field } = this.#sumFields[at] as FieldAt;
      const value = scaledValue(event, index, field.scale ?? 0);
      if (value !== undefined) (group.sums[at] as ExactSum).add(value);
    }
  }

  /** @returns what is wrong with the groups, those that were freed included. */
  differences(): GroupDifferences {
    const found = new GroupDifferences();
    found.merge(this.reduced);
    found.compared += this.#stored.size + this.#odd.length;
    for (const text of this.#odd) found.add("rows that repeat a group or can't be read", () => text);
    for (const [key, stored] of this.#stored.entries()) {
      const computed = this.#computedGroup(key);
      const isSame = computed?.count === stored.count && computed.sums.every((sum, at) => sum === stored.sums[at]);
      if (isSame) continue;
      const text = () =>
        `${this.#describeKey(key)}: stored ${this.#describeGroup(stored)}; recomputed ${this.#describeGroup(computed)}`;
      found.add(
        computed === undefined ? "stored groups that the log does not have" : "groups with other figures",
        text,
      );
    }
    for (const key of this.#computedKeys())
      if (this.#stored.get(key) === undefined)
        found.add(
          "groups that are not stored",
          () => `${this.#describeKey(key)}: stored no row; recomputed ${this.#describeGroup(this.#computedGroup(key))}`,
        );
    return found;
  }

  /** The groups that should be stored. */
  *computed(): Generator<GroupValues> {
    for (const key of this.#computedKeys())
      yield { keys: key.split(SEPARATOR), ...(this.#computedGroup(key) as GroupFigures) };
  }

  /** Compares all groups that are here and frees them: for a shard of which everything was read. */
  reduce(): void {
    const found = this.differences();
    this.forget();
    this.reduced.merge(found);
  }

  /** Takes over what another thread has found in its shards. */
  merge(found: Pick<GroupDifferences, "compared" | "counts" | "examples">): void {
    this.reduced.merge(found);
  }

  /** Forgets all groups and what was found in them. */
  forget(): void {
    this.#stored = new GroupMap();
    this.#odd = [];
    this.#computed.clear();
    // So the next event turns to groups of its own.
    this.#shard = Number.NaN;
    this.reduced.compared = 0;
    this.reduced.counts.clear();
    this.reduced.examples.length = 0;
  }

  /** Takes one group as the sink stores it. */
  stored(group: StoredGroup): void {
    const { keys, count, sums } = group;
    const key = keys.join(SEPARATOR);
    const isOdd = count === undefined || sums.includes(undefined) || keys.includes(undefined);
    if (isOdd || this.#stored.get(key) !== undefined) this.#odd.push(`${this.spec.table}: ${group.describe()}`);
    else this.#stored.add(key, { count, sums: sums as readonly bigint[] });
  }

  /** What the log says of a group. */
  #computedGroup(key: string): GroupFigures | undefined {
    const at = key.lastIndexOf(SEPARATOR);
    const groupKey = key.slice(0, Math.max(at, 0));
    // No group is of NaN.
    const shard = exactInteger(key.slice(at + 1)) ?? Number.NaN;
    const group = this.#computed.get(shard)?.get(this.#isNumber ? exactInteger(groupKey) : groupKey);
    return group === undefined ? undefined : { count: BigInt(group.count), sums: group.sums.map((sum) => sum.value) };
  }

  /** The keys of all groups that the log has; of the same form as those of the stored ones. */
  *#computedKeys(): Generator<string> {
    for (const [shard, groups] of this.#computed)
      for (const [key] of groups.entries())
        yield key === "" && this.#keyFields.length === 0
          ? String(shard)
          : `${key as string | number}${SEPARATOR}${shard}`;
  }

  /** "minute=2026-01-01T00:00:00.000Z type=refund shard=3" */
  #describeKey(key: string): string {
    const parts = key.split(SEPARATOR);
    const shown = parts.map((part, index) => {
      const isWindow = index === 0 && this.spec.window !== undefined && /^-?\d+$/.test(part);
      return `${this.#keyColumns[index]}=${isWindow ? new Date(Number(part)).toISOString() : part}`;
    });
    return `${this.spec.table}: ${shown.join(" ")}`;
  }

  /** "events 10, amount_cents_total 1234" */
  #describeGroup(group: GroupFigures | undefined): string {
    if (group === undefined) return "no row";
    const sums = this.#sumFields.map(
      ({ field }, index) =>
        `${this.spec.sums[field.name]} ${decimalText(group.sums[index] as bigint, field.scale ?? 0)}`,
    );
    return [`${this.spec.count} ${group.count}`, ...sums].join(", ");
  }

  #groupOf(event: EventBytes, shard: number): ComputedGroup {
    const windowMs = this.#windowOf?.startMs(event) ?? 0;
    if (shard !== this.#shard || windowMs !== this.#windowMs) this.#turnTo(shard, windowMs);
    if (this.#isNumber) return this.#made(scaledValue(event, (this.#keyFields[0] as FieldAt).index, 0));
    const recent = this.#recent.get(event);
    if (recent !== undefined) return recent;
    const texts = this.#keyFields.map(({ index }) => plainText(event, index));
    const group = this.#made([...(this.#windowOf ? [windowMs] : []), ...texts].join(SEPARATOR));
    this.#recent.keep(event, group);
    return group;
  }

  #turnTo(shard: number, windowMs: number): void {
    let groups = this.#computed.get(shard);
    if (groups === undefined) this.#computed.set(shard, (groups = new GroupMap()));
    this.#groups = groups;
    this.#shard = shard;
    this.#windowMs = windowMs;
    this.#recent.clear();
  }

  /** The group of a key, made if it is new. */
  #made(key: unknown): ComputedGroup {
    let group = this.#groups.get(key);
    if (group === undefined) {
      group = { count: 0, sums: this.#sumFields.map(() => new ExactSum()) };
      this.#groups.add(key, group);
    }
    return group;
  }
}
