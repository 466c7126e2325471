/**
 * The gateway's time as the page knows it: server_time of E and of every answer against a monotonic
 * clock (protocol section 6). A visitor's own clock proves nothing and is only used to bridge a reload.
 */

export class Clock {
  private base = 0;
  private since = 0;

  /** `wall` is the visitor's clock, milliseconds since 1970. */
  constructor(private readonly wall: () => number) {
    this.set(wall() / 1000);
  }

  /** set takes a server_time, in seconds. */
  set(serverTime: unknown): void {
    if (typeof serverTime !== "number" || !isFinite(serverTime)) return;
    this.base = serverTime;
    this.since = performance.now();
  }

  /** now returns the gateway's time in seconds, with a fraction. */
  now(): number {
    return this.base + (performance.now() - this.since) / 1000;
  }

  /** iat returns the gateway's time in whole seconds. */
  iat(): number {
    return Math.floor(this.now());
  }

  /** offset is what a reload needs: performance.now starts again from zero there. */
  offset(): number {
    return this.now() - this.wall() / 1000;
  }

  /** resume starts from an offset stored before a reload; the first answer corrects it. */
  resume(offset: number): void {
    this.set(this.wall() / 1000 + offset);
  }
}
