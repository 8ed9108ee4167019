import { styleText } from "node:util";
import { ArgumentScannerError, formatMessageForArgumentScannerError } from "@stricli/core";
import { FaultlineError } from "../contract/errors.ts";

/** One clear error: code, what is wrong, what to do. The stack is shown only for an error that Faultline did not foresee. */
export function errorText(error: unknown): string {
  if (error instanceof FaultlineError) {
    const remedy = error.remedy === undefined ? "" : `\n  ${error.remedy}`;
    return `${styleText("red", error.code, { stream: process.stderr })}: ${error.message}${remedy}`;
  }
  return `FL_CRASH: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n  this is a defect of Faultline; please report it with the lines above`;
}

/** The same for a command line that can't be read: names the flag, the value, and which values are accepted. */
export function usageText(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return errorText(error);
  const message = formatMessageForArgumentScannerError(error, {
    ArgumentParseError: ({ externalFlagNameOrPlaceholder, input, exception }) => {
      const why = exception instanceof Error ? exception.message : String(exception);
      const shown = why.includes(JSON.stringify(input)) ? why : `${JSON.stringify(input)}: ${why}`;
      return `--${kebab(externalFlagNameOrPlaceholder)}: ${shown}`;
    },
    EnumValidationError: ({ externalFlagName, input, values }) =>
      `--${kebab(externalFlagName)}: ${JSON.stringify(input)} is not one of ${values.join(", ")}`,
  });
  return errorText(new FaultlineError("FL_USAGE", message, { remedy: "the command's --help lists its flags" }));
}

function kebab(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
