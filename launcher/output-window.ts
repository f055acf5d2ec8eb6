/** Limits the output that is on its way to the launcher: beyond that, ranks are not read, and block. */
export class OutputWindow {
  #inFlight = 0;
  #paused = false;
  readonly #pause: (paused: boolean) => void;

  constructor(pause: (paused: boolean) => void) {
    this.#pause = pause;
  }

  sent(bytes: number): void {
    this.#update(bytes);
  }

  consumed(bytes: number): void {
    this.#update(-bytes);
  }

  #update(change: number): void {
    this.#inFlight += change;
    const paused = this.#inFlight > WINDOW_BYTES;
    if (paused !== this.#paused) this.#pause(paused);
    this.#paused = paused;
  }
}

const WINDOW_BYTES = 2 ** 20;
