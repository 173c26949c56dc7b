import assert from "node:assert/strict";
import { parseProviderConfig } from "../../provider/src/provider-config";

describe("provider configuration", () => {
  it("has defaults", () => {
    assert.deepEqual(parseProviderConfig({}, {}), {
      config: { proxyCommand: undefined, sshDeadline: 300, deleteUnreachable: false },
      failures: [],
    });
  });

  it("reads numbers and booleans from text, as configuration files and SDKs pass them", () => {
    const { config } = parseProviderConfig(
      { sshDeadline: "20", deleteUnreachable: "true", proxyCommand: "nc %h %p" },
      {},
    );
    assert.deepEqual(config, { proxyCommand: "nc %h %p", sshDeadline: 20, deleteUnreachable: true });
  });

  it("takes from the environment what is not configured", () => {
    const env = { OVERLAYNET_PROXY_COMMAND: "from-env", OVERLAYNET_DELETE_UNREACHABLE: "1" };
    assert.deepEqual(parseProviderConfig({}, env).config, {
      proxyCommand: "from-env",
      sshDeadline: 300,
      deleteUnreachable: true,
    });
    assert.equal(parseProviderConfig({ proxyCommand: "configured" }, env).config.proxyCommand, "configured");
  });

  it("says all that is wrong, each at its key", () => {
    const { failures } = parseProviderConfig({ sshDeadline: "soon", deleteUnreachable: "perhaps" }, {});
    assert.deepEqual(
      failures.map(({ property, reason }) => `${property}: ${reason}`),
      [
        'sshDeadline: must be a whole number from 1 to 999999, not "soon"',
        'deleteUnreachable: must be true or false, not "perhaps"',
      ],
    );
    const wrong = (sshDeadline: string): boolean => parseProviderConfig({ sshDeadline }, {}).failures.length > 0;
    assert.deepEqual(["1", "999999", "0", "1000000", "1.5"].map(wrong), [false, false, true, true, true]);
  });
});
