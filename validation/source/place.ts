import type { PostgresLogin } from "../../contract/stack.ts";
import type { PartScope } from "./part-query.ts";

/** What a thread needs to read the servers; it can be sent to one. `snapshot`: as exported by pg_export_snapshot; undefined: no tables. */
export type LivePlace = PartScope & { brokers: string[]; postgres: PostgresLogin; snapshot: string | undefined };

/** What a thread needs to read an evidence file. `root`: of the file that was opened first; another one is refused. */
export type EvidencePlace = { evidence: string; root: string };

/** From which a thread makes a reader of its own: openPlace. */
export type SourcePlace = LivePlace | EvidencePlace;
