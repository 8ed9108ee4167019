import { resolve } from "node:path";
import { z } from "zod";
import { FaultlineError } from "../../contract/errors.ts";
import { type Coordination, COORDINATIONS, type PostgresAddress, type Trigger } from "../../contract/stack.ts";

/** What docker-compose.yml tells the containers that speak to Kafka and PostgreSQL. */
const schema = z.object({
  KAFKA_BROKERS: z.string().min(1),
  POSTGRES_HOST: z.string().min(1),
  POSTGRES_PORT: z.coerce.number().int(),
  POSTGRES_DB: z.string().min(1),
  POSTGRES_USER: z.string().min(1),
  POSTGRES_PASSWORD_FILE: z.string().min(1),
  FAULTLINE_PIPELINE: z.string().default("pipelines/payments.yaml"),
  FAULTLINE_SEED: z.coerce
    .number()
    .int()
    .min(0)
    .max(2 ** 31 - 1)
    .default(1),
  FAULTLINE_MALFORMED_PPM: z.coerce.number().int().min(0).max(1_000_000).default(0),
  FAULTLINE_TRIGGER: z.enum(["realtime", "micro-batch"]).default("realtime"),
  FAULTLINE_COORDINATION: z.enum(COORDINATIONS).default("kraft"),
  FAULTLINE_RUNS_DIR: z.string().default("/runs"),
});

export type ComposeEnvironment = {
  /** host:port inside the network. */
  brokers: string[];
  postgres: PostgresAddress;
  pipelineFile: string;
  seed: number;
  malformedPpm: number;
  trigger: Trigger;
  coordination: Coordination;
  runsDirectory: string;
};

/** @throws FaultlineError FL_CONFIG_INVALID naming variable and value. */
export function composeEnvironment(variables: Record<string, string | undefined>): ComposeEnvironment {
  const result = schema.safeParse(Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== "")));
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${String(path[0])}: ${message} (is ${JSON.stringify(variables[String(path[0])])})`,
    );
    throw new FaultlineError("FL_CONFIG_INVALID", problems.join("\n"), { remedy: "see docker-compose.yml and .env" });
  }
  const values = result.data;
  return {
    brokers: values.KAFKA_BROKERS.split(","),
    postgres: {
      host: values.POSTGRES_HOST,
      port: values.POSTGRES_PORT,
      database: values.POSTGRES_DB,
      user: values.POSTGRES_USER,
      password_file: values.POSTGRES_PASSWORD_FILE,
    },
    pipelineFile: resolve(import.meta.dirname, "../..", values.FAULTLINE_PIPELINE),
    seed: values.FAULTLINE_SEED,
    malformedPpm: values.FAULTLINE_MALFORMED_PPM,
    trigger: values.FAULTLINE_TRIGGER,
    coordination: values.FAULTLINE_COORDINATION,
    runsDirectory: values.FAULTLINE_RUNS_DIR,
  };
}
