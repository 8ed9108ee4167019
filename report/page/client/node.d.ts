/** The formats' types come from modules that also read files; the page takes only their types, and has no Node. */
declare module "node:zlib" {
  export function crc32(data: string, value?: number): number;
}
