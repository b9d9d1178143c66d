/** Questions about the projection that come while an entry is in flight: they are answered when it is stored. */
export class Questions {
  #waiting: (() => void)[] = [];

  /** Settles with what `act` gives, or throws, when it comes to be answered. */
  ask<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
  }

  answerAll(): void {
    for (const answer of this.#waiting.splice(0)) answer();
  }
}
