import assert from "node:assert/strict";
import { formatProblem } from "../../../provider/src/ippool/problem";

describe("problems in words", () => {
  const problem = { path: "ipPools[0].spec.cidr", message: "IPPool CIDR must be specified" };

  it("begin with what is known of their place", () => {
    assert.equal(
      formatProblem({ ...problem, line: 7, column: 5 }, "pools.yaml"),
      "pools.yaml:7:5: ipPools[0].spec.cidr: IPPool CIDR must be specified",
    );
    assert.equal(
      formatProblem(problem, "pools.yaml"),
      "pools.yaml: ipPools[0].spec.cidr: IPPool CIDR must be specified",
    );
    assert.equal(
      formatProblem({ ...problem, line: 7, column: 5 }),
      "7:5: ipPools[0].spec.cidr: IPPool CIDR must be specified",
    );
    assert.equal(formatProblem({ ...problem, path: "" }), "IPPool CIDR must be specified");
  });
});
