import assert from "node:assert/strict";
import { checkIpPools } from "../../../provider/src/ippool/check";
import { parsePoolCidr } from "../../../provider/src/ippool/cidr";
import { readStoredPools } from "../../../provider/src/ippool/stored";
import { type CalicoCase, calicoCases, reasonsOf, sentenceOf } from "../../support/calico-cases";

/** docs/compared.md says why. */
const DIFFERENT_ON_PURPOSE: Readonly<Record<string, string>> = {
  "create same name again": "a manifest whose name exists is an update",
  "update: pool does not exist": "a manifest whose name does not exist is a creation",
};

/** What Calico's CRD says of a CIDR that cannot be parsed, once per rule; one sentence of ours says it. */
const ECHO = / evaluating( rule: |\.\.\.$)|evaluating rule|network address parse error|of type cidr/;
/** Where the kube-apiserver describes what its decoder made of a wrong type, not what the user wrote. */
const DECODER_DETAIL = /unknown field "spec\.(cidr\.cidr|allowedUses\.a)"|cannot restore map from slice/;

function ignoresStatus(calicoCase: CalicoCase): boolean {
  return calicoCase.note?.includes("kube-apiserver ignores status") ?? false;
}

/** Both validators have to accept; what the notes call artefacts of the harness is read as they say. */
function verdictOf(calicoCase: CalicoCase): "ok" | "error" {
  return calicoCase.expected === "error" || (calicoCase.expectedByCrd === "error" && !ignoresStatus(calicoCase))
    ? "error"
    : "ok";
}

for (const file of ["ippools.json", "ippools-fuzz.json"] as const) {
  describe(`Calico's verdicts: ${file}`, () => {
    for (const calicoCase of calicoCases(file)) {
      const difference = DIFFERENT_ON_PURPOSE[calicoCase.name];
      it(difference === undefined ? calicoCase.name : `${calicoCase.name} (differs on purpose: ${difference})`, () => {
        const { pools: existing, problems } = readStoredPools(JSON.stringify(calicoCase.existing));
        assert.deepEqual(problems, []);
        const blocks = calicoCase.blocks.map((block) => parsePoolCidr(block));
        const [check, ...more] = checkIpPools(JSON.stringify(calicoCase.object), { existing, blocks });
        assert.ok(check);
        assert.deepEqual(more, []);
        const messages = check.errors.map((error) => error.message).join("\n");

        if (difference !== undefined) {
          assert.equal(verdictOf(calicoCase), "error");
          assert.equal(check.ok, true, messages);
          return;
        }
        assert.equal(check.ok ? "ok" : "error", verdictOf(calicoCase), messages);
        if (check.ok) {
          assert.deepEqual(check.normalized, calicoCase.normalized);
          return;
        }
        for (const error of check.errors)
          assert.ok(error.line !== undefined && error.column !== undefined, `no position: ${error.path}`);
        const reasons = calicoCase.error === undefined ? [] : reasonsOf(calicoCase.error);
        const sentences = calicoCase.errorsOfCrd
          .filter((error) => !ECHO.test(error) && !DECODER_DETAIL.test(error))
          .map(sentenceOf);
        for (const sentence of [...reasons, ...(ignoresStatus(calicoCase) ? [] : sentences)]) {
          // The curated cases have runs of blanks collapsed.
          assert.ok(collapse(messages).includes(collapse(sentence)), `"${sentence}" is not in:\n${messages}`);
        }
      });
    }
  });
}

function collapse(text: string): string {
  return text.replace(/\s+/g, " ");
}
