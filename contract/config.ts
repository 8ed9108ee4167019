import { z } from "zod";
import { FaultlineError } from "./errors.ts";
import { addressOf, type HostPort, parseHosts } from "./postgres-hosts.ts";
import { RUNTIME_NAMES, type RuntimeName } from "./stack.ts";

const MAX_PORT = 65_535;
const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_PORT;

const port = z.string().refine(isPort, `must be a port from 1 to ${MAX_PORT}`).transform(Number);

/** Kafka's address. IPv6 in brackets. */
export const brokerSchema = z
  .string()
  .regex(/^(\[[^\],\s]+\]|[^:,\s]+):\d+$/, "must be host:port")
  .refine((text) => isPort(text.slice(text.lastIndexOf(":") + 1)), `must have a port from 1 to ${MAX_PORT}`);

/** The environment variables of .env.example. A flag wins over the environment, and the environment over the config file. */
export const environmentSchema = z.object({
  KAFKA_BROKERS: z
    .string()
    .refine((text) => brokersProblem(text) === undefined, { error: ({ input }) => brokersProblem(String(input)) ?? "" })
    .optional(),
  KAFKA_TOPIC: z.string().optional(),
  POSTGRES_HOST: z
    .string()
    .refine((text) => hostsProblem(text) === undefined, { error: ({ input }) => hostsProblem(String(input)) ?? "" })
    .optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_DB: z.string().optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
});
export type Environment = z.infer<typeof environmentSchema>;

/** @throws FaultlineError FL_CONFIG_INVALID with variable and value (never a password). */
export function parseEnvironment(variables: Record<string, string | undefined>, source: string): Environment {
  const set = Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined && value !== ""));
  const result = environmentSchema.safeParse(set);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    return `${source}: ${name}: ${issue.message}${name.includes("PASSWORD") ? "" : ` (is ${JSON.stringify(set[name])})`}`;
  });
  throw new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), { remedy: "see .env.example for the variables" });
}

function hostsProblem(text: string): string | undefined {
  const hosts = parseHosts(text);
  return typeof hosts === "string" ? hosts : undefined;
}

/**
 * PostgreSQL's servers, host[:port],host[:port]. @param source names the variable, flag or field in errors.
 * @throws FaultlineError FL_CONFIG_INVALID with the source and the value.
 */
export function postgresHosts(
  text: string,
  port: number | undefined,
  source: string,
): HostPort & { standbys?: HostPort[] } {
  const hosts = parseHosts(text, port);
  if (typeof hosts !== "string") return addressOf(hosts);
  throw new FaultlineError("FL_CONFIG_INVALID", `${source}: ${hosts} (is ${JSON.stringify(text)})`, {
    remedy: "give one server or several, as in db-1:5432,db-2:5432",
  });
}

function brokersProblem(text: string): string | undefined {
  return text.split(",").flatMap((one) => brokerSchema.safeParse(one).error?.issues ?? [])[0]?.message;
}

/**
 * The brokers of a flag, host:port[,host:port...].
 * @throws FaultlineError FL_CONFIG_INVALID with flag and value.
 */
export function parseBrokers(text: string, flag: string): string[] {
  const problem = brokersProblem(text);
  if (problem === undefined) return text.split(",");
  throw new FaultlineError("FL_CONFIG_INVALID", `${flag}: ${problem} (is ${JSON.stringify(text)})`, {
    remedy: `give one address or several, as in ${flag} 127.0.0.1:9092,127.0.0.1:9093`,
  });
}

/**
 * The runtime that a text names. @param source names the variable or flag in errors. @returns undefined for no text.
 * @throws FaultlineError FL_CONFIG_INVALID for a name that is no runtime.
 */
export function checkRuntimeName(named: string | undefined, source: string): RuntimeName | undefined {
  if (named === undefined || named === "") return undefined;
  const runtime = RUNTIME_NAMES.find((name) => name === named);
  if (runtime !== undefined) return runtime;
  throw new FaultlineError("FL_CONFIG_INVALID", `${source}: ${JSON.stringify(named)} is not a runtime`, {
    remedy: `set it to ${RUNTIME_NAMES.join(" or ")}, or unset it`,
  });
}
