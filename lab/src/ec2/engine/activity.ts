/**
 * Calls that change the account and are under way. One that is blocked by another's resource tries again whenever one
 * of them has succeeded, as long as any can: the real provider asks again for minutes.
 */
export class Activity {
  private active = 0;
  private succeeded = 0;
  private waiting: ((again: boolean) => void)[] = [];

  /**
   * @param attempt may be made several times
   * @param isBlocked whether an error of the attempt may go away when another call succeeds
   * @throws the error of the last attempt
   */
  async run<T>(attempt: () => Promise<T>, isBlocked: (error: unknown) => boolean = () => false): Promise<T> {
    for (;;) {
      const before = this.succeeded;
      this.active++;
      try {
        const result = await attempt();
        this.succeeded++;
        this.wake(true);
        return result;
      } catch (error) {
        const blocked = isBlocked(error);
        if (blocked && this.succeeded > before) continue;
        // The one that is left speaks for all that wait for each other.
        if (this.active === 1) this.wake(false);
        else if (blocked && (await this.freed())) continue;
        throw error;
      } finally {
        this.active--;
      }
    }
  }

  private async freed(): Promise<boolean> {
    this.active--;
    try {
      return await new Promise<boolean>((resolve) => this.waiting.push(resolve));
    } finally {
      this.active++;
    }
  }

  private wake(again: boolean): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const resolve of woken) resolve(again);
  }
}
