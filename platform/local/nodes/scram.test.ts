import { createHash, createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { scramVerifier } from "./scram.ts";

it("is RFC 7677's example", () => {
  const verifier = scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"), 4096);
  const match = /^SCRAM-SHA-256\$4096:W22ZaJ0SNY7soEsUEjb6gQ==\$([^:]+):(.+)$/.exec(verifier);
  const [storedKey, serverKey] = [match?.[1] ?? "", match?.[2] ?? ""].map((text) => Buffer.from(text, "base64")) as [
    Buffer,
    Buffer,
  ];
  const nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
  const message = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=${nonce}`;
  expect(createHmac("sha256", serverKey).update(message).digest("base64")).toBe(
    "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
  );
  // The client's proof XOR its signature is its key, whose hash is the stored key.
  const proof = Buffer.from("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=", "base64");
  const signature = createHmac("sha256", storedKey).update(message).digest();
  const clientKey = Buffer.from(proof.map((byte, index) => byte ^ (signature[index] as number)));
  expect(createHash("sha256").update(clientKey).digest("base64")).toBe(storedKey.toString("base64"));
});
