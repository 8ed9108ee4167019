import { z } from "zod";

const columnRow = z.strictObject({
  name: z.string(),
  not_null: z.boolean(),
  is_generated: z.boolean(),
  is_identity: z.boolean(),
  default: z.string().nullable(),
});
export type ColumnRow = z.infer<typeof columnRow>;

const uniqueIndexRow = z.strictObject({
  name: z.string(),
  columns: z.array(z.string()),
  /** Valid, ready and live. */
  is_usable: z.boolean(),
  is_immediate: z.boolean(),
  /** Neither partial nor over an expression. */
  is_whole: z.boolean(),
});
export type UniqueIndexRow = z.infer<typeof uniqueIndexRow>;

/** The catalog's answer about one relation of the pipeline. Names are as in pg_catalog. */
export const tableRow = z.strictObject({
  name: z.string(),
  /** relkind: r, p or v. */
  kind: z.string(),
  /** relpersistence: p, u or t. */
  persistence: z.string(),
  access_method: z.string(),
  row_security: z.boolean(),
  is_partition: z.boolean(),
  columns: z.array(columnRow),
  unique_indexes: z.array(uniqueIndexRow),
  partitions: z.array(z.strictObject({ name: z.string(), kind: z.string(), persistence: z.string() })),
  triggers: z.array(z.strictObject({ name: z.string(), table: z.string(), enabled: z.string(), runs: z.string() })),
  rules: z.array(z.string()),
  /** Others than NOT NULL and the primary key. */
  constraints: z.array(z.strictObject({ name: z.string(), type: z.string(), definition: z.string() })),
  /** Foreign keys of other tables that point here. */
  referenced_by: z.array(z.string()),
  view_definition: z.string().nullable(),
  /** Relations that the view's query names. */
  view_reads: z.array(z.string()),
});
export type TableRow = z.infer<typeof tableRow>;

/** Every relation of one of these names ($1), as `CATALOG_QUERY` finds it. Of triggers: those of its partitions, too. */
export const TABLES_QUERY = `
  SELECT c.relname::text AS name, c.relkind::text AS kind, c.relpersistence::text AS persistence,
    coalesce(m.amname::text, '') AS access_method, c.relrowsecurity AS row_security, c.relispartition AS is_partition,
    coalesce((SELECT json_agg(json_build_object('name', a.attname, 'not_null', a.attnotnull, 'is_generated', a.attgenerated <> '',
        'is_identity', a.attidentity <> '',
        'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END) ORDER BY a.attnum)
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), '[]') AS columns,
    coalesce((SELECT json_agg(json_build_object('name', i.relname, 'is_usable', x.indisvalid AND x.indisready AND x.indislive,
        'is_immediate', x.indimmediate, 'is_whole', x.indpred IS NULL AND x.indexprs IS NULL,
        'columns', coalesce((SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (attnum, place)
          JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum WHERE k.place <= x.indnkeyatts), '[]')) ORDER BY i.relname)
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid WHERE x.indrelid = c.oid AND x.indisunique), '[]') AS unique_indexes,
    coalesce((SELECT json_agg(json_build_object('name', p.relname, 'kind', p.relkind, 'persistence', p.relpersistence) ORDER BY p.relname)
      FROM pg_partition_tree(c.oid) t JOIN pg_class p ON p.oid = t.relid WHERE t.relid <> c.oid), '[]') AS partitions,
    coalesce((SELECT json_agg(json_build_object('name', t.tgname, 'table', o.relname, 'enabled', t.tgenabled,
        'runs', t.tgfoid::regproc::text) ORDER BY o.relname, t.tgname)
      FROM pg_trigger t JOIN pg_class o ON o.oid = t.tgrelid
      WHERE NOT t.tgisinternal AND (t.tgrelid = c.oid OR t.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))), '[]') AS triggers,
    coalesce((SELECT json_agg(r.rulename ORDER BY r.rulename) FROM pg_rewrite r
      WHERE r.ev_class = c.oid AND r.rulename <> '_RETURN'), '[]') AS rules,
    coalesce((SELECT json_agg(json_build_object('name', k.conname, 'type', k.contype, 'definition', pg_get_constraintdef(k.oid)) ORDER BY k.conname)
      FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype NOT IN ('n', 'p', 't')), '[]') AS constraints,
    coalesce((SELECT json_agg(k.conrelid::regclass::text ORDER BY 1) FROM pg_constraint k
      WHERE k.confrelid = c.oid AND k.contype = 'f'), '[]') AS referenced_by,
    CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS view_definition,
    coalesce((SELECT json_agg(DISTINCT s.relname) FROM pg_rewrite r
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
      JOIN pg_class s ON s.oid = d.refobjid WHERE r.ev_class = c.oid AND s.oid <> c.oid AND c.relkind = 'v'), '[]') AS view_reads
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am m ON m.oid = c.relam
  WHERE c.relname = ANY ($1) AND c.relkind IN ('r', 'p', 'v') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  ORDER BY c.relname`;
