import { expect, test } from "vitest";
import { diff } from "../src/patch.ts";

test.each([
  ["{}", "{}", "[]"],
  ['{"a":1.0}', '{"a":1.0}', "[]"],
  ['{"a":1}', '{"a":1.5}', '[{"op":"replace","path":"/a","value":1.5}]'],
  [
    '{"constructor":1}',
    '{"toString":1}',
    '[{"op":"add","path":"/toString","value":1},{"op":"remove","path":"/constructor"}]',
  ],
  [
    '{"c":1,"a":1,"x":0}',
    '{"z":[1],"b":{"c":2},"a":null}',
    '[{"op":"replace","path":"/a","value":null},{"op":"add","path":"/b","value":{"c":2}},' +
      '{"op":"add","path":"/z","value":[1]},{"op":"remove","path":"/c"},{"op":"remove","path":"/x"}]',
  ],
  [
    "[1,2,3,4]",
    "[1,3]",
    '[{"op":"replace","path":"/1","value":3},{"op":"remove","path":"/2"},{"op":"remove","path":"/2"}]',
  ],
  [
    "[1]",
    "[0,[1],{}]",
    '[{"op":"replace","path":"/0","value":0},{"op":"add","path":"/1","value":[1]},{"op":"add","path":"/2","value":{}}]',
  ],
  ['{"a/b":{"~":[]}}', '{"a/b":{"~":{}}}', '[{"op":"replace","path":"/a~1b/~0","value":{}}]'],
  ['{"a":null}', "{}", '[{"op":"remove","path":"/a"}]'],
])("from %s to %s", (before, after, patch) => {
  expect(JSON.stringify(diff(JSON.parse(before), JSON.parse(after)))).toBe(patch);
});
