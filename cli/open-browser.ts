import { spawn } from "node:child_process";

/** Opens an address in the desktop's browser, if there is a desktop. If there is none, the printed address has to do. */
export function openBrowser(url: string): void {
  const child = spawn("xdg-open", [url], { detached: true, stdio: "ignore" });
  child.on("error", () => undefined);
  child.unref();
}
