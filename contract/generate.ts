import type { ByteWriter } from "./byte-writer.ts";
import type { Field, Generator } from "./pipeline.ts";
import type { RandomStream } from "./random.ts";

/** Writes one value as JSON text, in UTF-8. `createdMs` is the event's creation time (ms since 1970). */
export type ValueWriter = (random: RandomStream, createdMs: number, out: ByteWriter) => void;

const WORDS =
  "alpha amber azure birch brook cedar cliff cloud coral delta dune ember fern field flint forest frost glade harbor hazel heron iris ivory jade lark linen maple marsh meadow mist moss north oak ocean olive onyx opal orchid pearl pine plum quartz rain raven reed ridge river rose sage shore silver slate spring stone storm summit sunset thistle tide timber valley willow winter".split(
    " ",
  );

const WORD_BYTES = WORDS.map((word) => Buffer.from(word));
const [NULL, TRUE, FALSE] = ["null", "true", "false"].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];
const QUOTE = 0x22;
const SPACE = 0x20;
const MINUS = 0x2d;
const POINT = 0x2e;

/** Compiles a field's generator once, so that an event costs no look-ups. */
export function compileGenerator(field: Field): ValueWriter {
  const write = compileValue(field, field.generate);
  if (!field.nullable || field.nulls === 0) return write;
  return (random, createdMs, out) => (random.float() < field.nulls ? out.bytes(NULL) : write(random, createdMs, out));
}

function compileValue(field: Field, generate: Generator): ValueWriter {
  if (generate === "now") return compileNow();
  if ("uniform" in generate) return compileUniform(field, generate.uniform);
  if ("choice" in generate) return compileChoice(generate.choice);
  if ("chance" in generate)
    return (random, _createdMs, out) => out.bytes(random.float() < generate.chance ? TRUE : FALSE);
  if ("words" in generate) return compileWords(generate.words);
  const text = compileText(field, generate);
  return (random, _createdMs, out) => out.text(text(random));
}

/** The kinds of values that are seldom, or long: each is made as one text. */
function compileText(
  field: Field,
  generate: Exclude<
    Generator,
    "now" | { uniform: unknown } | { choice: unknown } | { chance: unknown } | { words: unknown }
  >,
): (random: RandomStream) => string {
  if ("between" in generate) {
    const [from, to] = [Date.parse(generate.between[0]), Date.parse(generate.between[1])];
    const length = field.type === "date" ? 10 : 24;
    return (random) => `"${new Date(random.integer(from, to)).toISOString().slice(0, length)}"`;
  }
  if ("characters" in generate) {
    const [min, max] = generate.characters;
    return (random) => JSON.stringify(anyText(random, random.integer(min, max)));
  }
  if ("bytes" in generate) {
    const [min, max] = generate.bytes;
    return (random) =>
      `"${Buffer.from(Array.from({ length: random.integer(min, max) }, () => random.next() & 0xff)).toString("base64")}"`;
  }
  const [min, max] = generate.object;
  return (random) => anyObject(random, random.integer(min, max));
}

function compileWords([min, max]: readonly [number, number]): ValueWriter {
  const longest = Math.max(...WORD_BYTES.map((word) => word.length)) + 1;
  return (random, _createdMs, out) => {
    const count = random.integer(min, max);
    out.reserve(count * longest + 2);
    const { buffer } = out;
    let { length } = out;
    buffer[length++] = QUOTE;
    for (let index = 0; index < count; index++) {
      if (index > 0) buffer[length++] = SPACE;
      const word = WORD_BYTES[random.next() % WORD_BYTES.length] as Buffer;
      for (let at = 0; at < word.length; at++) buffer[length++] = word[at] as number;
    }
    buffer[length++] = QUOTE;
    out.length = length;
  };
}

/** Events that follow each other often share their creation time, and writing it is a tenth of an event's cost. */
function compileNow(): ValueWriter {
  let writtenMs = Number.NaN;
  let written = Buffer.alloc(0);
  return (_random, createdMs, out) => {
    if (createdMs !== writtenMs) {
      written = Buffer.from(JSON.stringify(new Date(createdMs)));
      writtenMs = createdMs;
    }
    out.bytes(written);
  };
}

function compileUniform(field: Field, [min, max]: [number, number]): ValueWriter {
  if (field.type === "float")
    return (random, _createdMs, out) => out.text(JSON.stringify(min + random.float() * (max - min)));
  if (field.type !== "decimal") return (random, _createdMs, out) => out.number(random.integer(min, max));
  const scale = field.scale ?? 0;
  const unit = 10 ** scale;
  const [low, high] = [Math.ceil(min * unit), Math.floor(max * unit)];
  return (random, _createdMs, out) => {
    const units = random.integer(low, high);
    const size = Math.abs(units);
    out.byte(QUOTE);
    if (units < 0) out.byte(MINUS);
    // The remainder is exact for every safe integer; a quotient would be rounded.
    const rest = size % unit;
    out.number((size - rest) / unit);
    if (scale > 0) {
      out.byte(POINT);
      out.digits(rest, scale);
    }
    out.byte(QUOTE);
  };
}

function compileChoice(weights: Record<string, number>): ValueWriter {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  let upTo = 0;
  const choices = Object.entries(weights).map(([text, weight]) => ({
    json: Buffer.from(JSON.stringify(text)),
    upTo: (upTo += weight / total),
  }));
  const last = choices.at(-1) as { json: Buffer };
  return (random, _createdMs, out) => {
    const draw = random.float();
    for (const choice of choices) if (draw < choice.upTo) return out.bytes(choice.json);
    return out.bytes(last.json);
  };
}

/** Text with quotes, control characters, every plane of Unicode; without U+0000 (PostgreSQL can't hold it) and lone surrogates (UTF-8 can't). */
function anyText(random: RandomStream, length: number): string {
  let text = "";
  for (let index = 0; index < length; index++) {
    const [from, to] = CHARACTER_RANGES[random.next() % CHARACTER_RANGES.length] as readonly [number, number];
    text += String.fromCodePoint(random.integer(from, to));
  }
  return text;
}

const CHARACTER_RANGES = [
  [0x20, 0x7e],
  [0x01, 0x1f],
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x7f, 0xff],
  [0x100, 0xfff],
  [0x1000, 0xd7ff],
  [0xe000, 0xffff],
  [0x1f300, 0x1f6ff],
  [0x10000, 0x10ffff],
] as const;

function anyObject(random: RandomStream, members: number): string {
  const parts = Array.from({ length: members }, (_, index) => {
    const kind = random.next() % 5;
    const value =
      kind === 0
        ? String(random.integer(-1_000_000, 1_000_000))
        : kind === 1
          ? JSON.stringify(anyText(random, 6))
          : kind === 2
            ? "null"
            : kind === 3
              ? "true"
              : `[${random.integer(0, 9)},{"x":${random.integer(0, 99)}}]`;
    return `"${WORDS[random.next() % WORDS.length]}_${index}":${value}`;
  });
  return `{${parts.join(",")}}`;
}
