import assert from "node:assert/strict";
import { EC2 } from "../../../lab/src/cloud/tokens";
import { Account, PUBLIC_KEY } from "../../support/account-in-memory";

// Made with ssh-keygen; its fingerprint by `ssh-keygen -e -m pkcs8 | openssl pkey -pubin -outform DER | openssl md5
// -c`.
const RSA =
  "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQCXfuLjH7KOHhIKATPF/w8b+18dVIpeTSFBsU/DY2YpuGmcI8nAJIq6Fb3HYQ4PYOwlM3fOeACNROOuCMnHvGJglv8a7h9xdiGLu7ooL/07ZjkMjHscHWhfNDXALvZZ1p0t34kb2VKrFvtD97tj4MDzY1LHA7P1/TYquhnwsGh+SxAF9nmxRIMV37Svhud12H5DSEul0netFMQA8wVKEpsb1kI0OG0vKTGXZVaxIXVXWxc5Osk+260zGy6G9QB3j/r5trSyJi6dk1i1MeHDiLjkVSpwRzCdtv0SGo11UQ54JFVO51XtHbnYgu55O2GS/YLSDe9MumK8xzmPH0Rq7fP/ someone";

describe("fingerprints of key pairs", () => {
  it("are those that EC2 shows", async () => {
    const account = new Account();
    const ed25519 = await account.create(EC2.keyPair, "a", { publicKey: PUBLIC_KEY });
    assert.deepEqual(
      [ed25519.outputs["keyType"], ed25519.outputs["fingerprint"]],
      ["ed25519", "0QKx+n5jo2ZvRF8JAVYnHQKbDimP8Nat6T+8FKSgygw="],
    );
    const other = await account.create(EC2.keyPair, "b", { publicKey: RSA });
    assert.deepEqual(
      [other.outputs["keyType"], other.outputs["fingerprint"]],
      ["rsa", "67:58:52:d1:a0:02:97:be:e7:bb:61:7d:25:ad:20:8e"],
    );
  });
});
