import { MultipleErrors, NetworkError, ProtocolError, ResponseError, UserError } from "@platformatic/kafka";
import { describe, expect, test } from "vitest";
import { LaneProducer } from "./lane-producer.ts";
import { judgeSendError } from "./send-errors.ts";

const PRODUCE = 0;
/** The client's error for an answer with this error code, as its Produce parser makes it. */
const answer = (code: number) =>
  new ResponseError(PRODUCE, 11, { "/responses/0/partition_responses/0": [code, null] }, {});

describe("judging the client's own errors", () => {
  test.each([
    ["MESSAGE_TOO_LARGE", 10],
    ["INVALID_TOPIC_EXCEPTION", 17],
    ["RECORD_LIST_TOO_LARGE", 18],
    ["INVALID_REQUIRED_ACKS", 21],
    ["TOPIC_AUTHORIZATION_FAILED", 29],
    ["UNSUPPORTED_FOR_MESSAGE_FORMAT", 43],
  ])("%s rules the batch out", (name, code) => {
    expect(judgeSendError(new MultipleErrors("Producing messages failed.", [answer(code)]))).toMatchObject({
      kind: "failed",
      why: name,
    });
  });

  test.each([
    ["NOT_LEADER_OR_FOLLOWER", 6],
    ["REQUEST_TIMED_OUT", 7],
    ["NOT_ENOUGH_REPLICAS", 19],
    ["NOT_ENOUGH_REPLICAS_AFTER_APPEND", 20],
    ["OUT_OF_ORDER_SEQUENCE_NUMBER", 45],
    ["DUPLICATE_SEQUENCE_NUMBER", 46],
    ["INVALID_PRODUCER_EPOCH", 47],
    ["UNKNOWN_PRODUCER_ID", 59],
    ["UNKNOWN_SERVER_ERROR", -1],
  ])("%s leaves it open", (name, code) => {
    expect(judgeSendError(answer(code))).toEqual({ kind: "indeterminate", why: name });
  });

  test("a disconnect before a refusal leaves it open: the first try may be in the log", () => {
    expect(
      judgeSendError(
        new MultipleErrors("produce failed 2 times.", [new NetworkError("Connection closed"), answer(10)]),
      ),
    ).toMatchObject({
      kind: "indeterminate",
    });
    expect(judgeSendError(new MultipleErrors("produce failed 2 times.", [answer(10), answer(10)]))).toMatchObject({
      kind: "failed",
      tooLarge: true,
    });
  });

  test.each([
    [new UserError("Unknown topic x.")],
    [new Error("anything")],
    ["text"],
    [new ProtocolError(6)],
    [new MultipleErrors("none", [])],
  ])("%s is indeterminate", (error) => {
    expect(judgeSendError(error).kind).toBe("indeterminate");
  });
});

test("a lane's producer takes no second producer id: the client would send the batch again under it, unseen by the ledger", async () => {
  const producer = new LaneProducer({ brokers: ["127.0.0.1:1"], clientId: "test", partition: 0 });
  producer.refuseFurtherIds();
  await expect(producer.initIdempotentProducer({})).rejects.toThrow("fresh producer");
  const error = await new Promise((resolve) => producer.initIdempotentProducer({}, resolve));
  expect(error).toBeInstanceOf(UserError);
  await producer.close();
});
