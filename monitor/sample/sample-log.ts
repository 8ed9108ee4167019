import { open, type FileHandle } from "node:fs/promises";
import { encodeSample, type Sample } from "../../contract/sample.ts";

/** Appends samples, one write each. There is no fsync: a power loss loses some seconds of figures, and no verdict rests on them. */
export class SampleLog {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens the file. If its last line is torn, ends that line. */
  static async open(path: string): Promise<SampleLog> {
    const file = await open(path, "a+");
    try {
      const { size } = await file.stat();
      const last = Buffer.alloc(1);
      if (size > 0 && (await file.read(last, 0, 1, size - 1)).bytesRead === 1 && last[0] !== 0x0a)
        await file.write("\n");
      return new SampleLog(file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async append(sample: Sample): Promise<void> {
    await this.#file.appendFile(encodeSample(sample));
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
