import { z } from "zod";
import { FaultlineError } from "./errors.ts";

const port = z.coerce.number().int().min(1).max(65535);

/** The environment variables of .env.example. A flag wins over the environment, the environment over the file. */
export const environmentSchema = z.object({
  KAFKA_BROKERS: z
    .string()
    .regex(/^[^:,\s]+:\d+(,[^:,\s]+:\d+)*$/, "must be host:port[,host:port...]")
    .optional(),
  KAFKA_TOPIC: z.string().optional(),
  POSTGRES_HOST: z.string().optional(),
  POSTGRES_PORT: port.optional(),
  POSTGRES_DB: z.string().optional(),
  POSTGRES_USER: z.string().optional(),
  POSTGRES_PASSWORD: z.string().optional(),
});
export type Environment = z.infer<typeof environmentSchema>;

/** @throws FaultlineError FL_CONFIG_INVALID naming variable and value (never a password's). */
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
