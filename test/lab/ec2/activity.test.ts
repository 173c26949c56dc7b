import assert from "node:assert/strict";
import { Activity } from "../../../lab/src/ec2/engine/activity";

describe("calls under way", () => {
  it("that are blocked try again when another one has succeeded, in chains too", async () => {
    const activity = new Activity();
    const done: string[] = [];
    const call = (name: string, after?: string): Promise<string> =>
      activity.run(
        async () => {
          await new Promise((resolve) => setImmediate(resolve));
          if (after !== undefined && !done.includes(after)) throw new Error(`${name} waits for ${after}`);
          done.push(name);
          return name;
        },
        () => true,
      );
    await Promise.all([call("c", "b"), call("b", "a"), call("a")]);
    assert.equal(done.join(""), "abc");
  });

  it("that wait for each other fail", async () => {
    const activity = new Activity();
    let attempts = 0;
    const blocked = (): Promise<never> =>
      activity.run(
        async () => {
          attempts++;
          throw new Error("in use");
        },
        () => true,
      );
    const outcomes = await Promise.allSettled([blocked(), blocked(), blocked()]);
    assert.equal(
      outcomes.every(({ status }) => status === "rejected"),
      true,
    );
    assert.equal(attempts, 3);
  });

  it("that fail for good end the wait of those that only they could free", async () => {
    const activity = new Activity();
    const waiting = activity.run(
      () => Promise.reject(new Error("in use")),
      () => true,
    );
    const failing = activity.run(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      throw new Error("failed");
    });
    await assert.rejects(failing, /failed/);
    await assert.rejects(waiting, /in use/);
  });
});
