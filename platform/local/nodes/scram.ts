import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/**
 * The verifier that PostgreSQL stores for a password (RFC 5803 as used by PostgreSQL: `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`),
 * so that the password itself is never in a statement that a log could show. For ASCII passwords, which SASLprep leaves alone.
 */
export function scramVerifier(password: string, salt: Buffer = randomBytes(16), iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const hmac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
  const stored = createHash("sha256").update(hmac("Client Key")).digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${stored}:${hmac("Server Key").toString("base64")}`;
}
