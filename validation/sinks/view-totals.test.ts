import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Aggregate } from "../../contract/pipeline.ts";
import { parsePipeline } from "../../contract/pipeline.ts";
import { viewDifference, viewTotalsQuery } from "./view-totals.ts";

const file = new URL("../../pipelines/payments.yaml", import.meta.url);
const [spec] = parsePipeline(readFileSync(file, "utf8"), "payments.yaml").aggregates as [Aggregate];

test("compares groups and figures of the view with the sums over the table's shards", () => {
  const query = viewTotalsQuery("data", spec).replace(/\s+/g, " ");
  expect(query).toContain(
    'SELECT "minute", "type", sum("events")::numeric, sum("amount_cents_total")::numeric FROM "data"."payments_per_minute" GROUP BY "minute", "type"',
  );
  expect(query).toContain(
    'SELECT "minute", "type", "events"::numeric, "amount_cents_total"::numeric FROM "data"."payments_per_minute_total"',
  );
  expect(viewTotalsQuery("data", { ...spec, window: undefined, groupBy: [] })).toContain("HAVING count(*) > 0");
});

test("a view is right only if nothing is missing and nothing is added", () => {
  expect(viewDifference(spec, { missing: 0, more: 0 })).toBeUndefined();
  expect(viewDifference(spec, { missing: 2, more: 0 })).toMatchObject({ count: 2 });
  expect(viewDifference(spec, { missing: 0, more: 1 })).toMatchObject({
    count: 1,
    text: expect.stringContaining("payments_per_minute_total: "),
  });
});

test("what is missing and what is more are told apart", () => {
  const query = viewTotalsQuery("data", spec).replaceAll(/\s+/g, " ");
  expect(query).toContain("(TABLE summed EXCEPT ALL TABLE shown) a) AS missing");
  expect(query).toContain("(TABLE shown EXCEPT ALL TABLE summed) b) AS more");
  expect(viewDifference(spec, { missing: 3, more: 2 })).toEqual({
    count: 3,
    text: "payments_per_minute_total: groups of its table that it lacks or sums up otherwise: 3; groups that are not its table's: 2",
  });
});

test("without a window and groups, the whole table is one group", () => {
  const query = viewTotalsQuery('a"b', { ...spec, window: undefined, groupBy: [] }).replaceAll(/\s+/g, " ");
  expect(query).toContain(
    'SELECT sum("events")::numeric, sum("amount_cents_total")::numeric FROM "a""b"."payments_per_minute" HAVING count(*) > 0',
  );
  expect(query).not.toContain("GROUP BY");
  expect(viewTotalsQuery("data", { ...spec, window: undefined })).toContain('GROUP BY "type")');
});
