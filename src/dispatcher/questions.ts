/** Questions about the projection that come while an entry is in flight: they are answered when it is stored. */

/** The entry was not stored, so what was asked of the projection with it has no answer; ask again. */
export class NotAnswered extends Error {
  readonly code = "not-answered";
}

export class Questions {
  #waiting: { readonly answer: () => void; readonly refuse: (error: Error) => void }[] = [];

  /** Settles with what `act` gives, or throws, when it comes to be answered. */
  ask<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const answer = () => {
        try {
          resolve(act());
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      this.#waiting.push({ answer, refuse: reject });
    });
  }

  /** What was asked of an entry that was not stored has no answer: the projection holds what never was. */
  refuseAll(reason: string): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(new NotAnswered(reason));
  }

  answerAll(): void {
    for (const { answer } of this.#waiting.splice(0)) answer();
  }
}
