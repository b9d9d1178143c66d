/** A line as an item of a batch: what is sent is what was written, and what is wrong is told as one would mend it. */
import { describe, expect, test } from "vitest";
import { PARAMS_BYTES_MAX } from "../../events/submission.js";
import { type BatchItem, readItem } from "../../src/client/bulk-items.js";

const ROOM = 1024 * 1024;
const read = (text: string, type: string | null = null, room = ROOM) => readItem({ number: 7, text }, type, room);
const itemOf = (text: string, type: string | null = null, room = ROOM): BatchItem => {
  const item = read(text, type, room);
  if (item === null || "reason" in item) throw new Error(JSON.stringify(item));
  return item;
};

describe("a line that is right", () => {
  test("given a type of its own, then its text is sent as it is, without the blanks around", () => {
    const text = '{ "type":"a",  "params": {"n": 1.50, "big": 12345678901234567890} }';
    expect(itemOf(`  ${text}\r`)).toEqual({ line: 7, text, bytes: text.length, id: null });
  });

  test.each([
    ["{}", '{"type":"a"}'],
    ["{ }", '{"type":"a" }'],
    ['{"priority": 3}', '{"type":"a","priority": 3}'],
    ['{"type":"a","priority":3}', '{"type":"a","priority":3}'],
  ])("given the command line's type, then %s is sent as %s", (line, sent) => {
    expect(itemOf(line, "a").text).toBe(sent);
    expect(JSON.parse(itemOf(line, "a").text)).toEqual({ ...JSON.parse(line), type: "a" });
  });

  test("given a template and no type, then it is sent: the template has the type", () => {
    expect(itemOf('{"template":"nightly"}').text).toBe('{"template":"nightly"}');
  });

  test("given an id and letters of several bytes, then the id is known and bytes are counted, not letters", () => {
    expect(itemOf('{"type":"a","id":"k-1","labels":{"x":"日"}}')).toMatchObject({ id: "k-1", bytes: 44 });
  });

  test("given more blanks and escapes than there is room for, then the same is written shorter", () => {
    const line = `{"type":"a",${" ".repeat(200)}"labels":{"x":"\\u65e5"}}`;
    expect(itemOf(line, null, 100).text).toBe('{"type":"a","labels":{"x":"日"}}');
    const untyped = `{${" ".repeat(200)}"labels":{"x":"\\u65e5"}}`;
    expect(itemOf(untyped, "a", 100).text).toBe('{"type":"a","labels":{"x":"日"}}');
  });
});

describe("a line that is blank", () => {
  test.each(["", "   ", "\r", "\t"])("given %j, then it is passed over", (line) => expect(read(line, "a")).toBeNull());
});

describe("a line that is wrong", () => {
  const tooMany = JSON.stringify({ type: "a", params: { text: "x".repeat(PARAMS_BYTES_MAX) } });
  test.each<[string, string, string | null, RegExp]>([
    ["no JSON", '{"type":', "a", /^is not JSON: /],
    ["an array", "[1]", "a", /^must be a JSON object$/],
    ["null", "null", "a", /^must be a JSON object$/],
    ["no type anywhere", '{"id":"x"}', null, /^type: is missing; name a job type here or on the command line/],
    ["another type than the command line's", '{"type":"b"}', "a", /^type: the line says "b" and the command line "a"/],
    ["a type that is no name", '{"type":"a.b"}', null, /^type: must be a name/],
    ["an unknown key", '{"type":"a","prioritty":3}', null, /^"prioritty": unknown; allowed are id, type/],
    ["an id that looks given", '{"type":"a","id":"j7"}', null, /^id: looks like a default id/],
    ["two beginnings", '{"type":"a","delay":"1s","runAt":"2999-01-01T00:00:00Z"}', null, /^runAt and delay/],
    ["too many params", tooMany, null, /^params: 524299 bytes of JSON are too many; at most 524288 are taken$/],
  ])("given %s, then it is told", (_what, line, type, reason) => {
    expect(read(line, type)).toEqual({ line: 7, reason: expect.stringMatching(reason) });
  });

  test("given a line that is larger than a message may be, then the server's bound is told", () => {
    const item = read(JSON.stringify({ type: "a", params: { text: "x".repeat(200) } }), null, 100);
    expect(item).toEqual({ line: 7, reason: "233 bytes are too many; this server takes at most 100" });
  });

  test("given a line that could not be read, then the reader's reason is told", () => {
    expect(readItem({ number: 3, wrong: "is not UTF-8" }, "a", ROOM)).toEqual({ line: 3, reason: "is not UTF-8" });
  });
});
