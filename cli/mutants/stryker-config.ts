import { FILE_VARIABLE, wingOfProcess } from "./wings.ts";

const { name, sources } = wingOfProcess();
const cache = `.faultline/cache/mutants/${name}`;
const only = process.env[FILE_VARIABLE];

/** Stryker's settings for one wing. Each wing has an incremental file of its own: what did not change is not run again. */
export default {
  testRunner: "in-process",
  plugins: ["./cli/mutants/test-runner.ts", "./cli/mutants/prose.ts"],
  ignorers: ["prose"],
  mutate: only === undefined ? sources : [only],
  coverageAnalysis: "perTest",
  // Node runs TypeScript as it is. Stryker knows no TypeScript 7: it must neither check types nor rewrite tsconfig.json.
  disableTypeChecks: false,
  tsconfigFile: "none.json",
  concurrency: 1,
  incremental: true,
  incrementalFile: `${cache}/incremental.json`,
  tempDirName: `${cache}/sandbox`,
  cleanTempDir: "always",
  jsonReporter: { fileName: `${cache}/report.json` },
  reporters: ["json", "progress-append-only"],
  ignorePatterns: [".faultline", "runs", "spark-app", "/bench", "docs", "platform", "report", "chaos"],
  dryRunTimeoutMinutes: 20,
  timeoutMS: 20_000,
  timeoutFactor: 4,
  allowEmpty: true,
};
